using Eager.Tests.Repository;

namespace Eager.Tests.Examples;

/// <summary>A program made of the documentation's fragments, each of which is tried by itself.</summary>
internal static class FragmentProgram
{
    /// <summary>What comes before the fragments: <c>Try(place, action)</c> says which of them failed.</summary>
    internal const string Head = """
        #:project ../../Eager.Train/Eager.Train.csproj
        #:property PublishAot=false
        #:property RunAnalyzers=false
        #:property TreatWarningsAsErrors=false
        #:property NoWarn=CS0168;CS0219;CS8321
        using Eager;
        using Eager.Autograd;
        using Eager.Layers;
        using Eager.Losses;
        using Eager.Train;

        // The fragments' temporary files go with the program.
        string scratch = Directory.CreateTempSubdirectory("eager-docs-").FullName;
        Environment.SetEnvironmentVariable("TMPDIR", scratch);

        int failed = 0;
        void Try(string place, Action row)
        {
            try
            {
                row();
            }
            catch (Exception e)
            {
                failed++;
                Console.WriteLine($"{place}: {e.GetType().Name}: {e.Message}");
            }
        }

        """;

    /// <summary>What comes after them: the number that failed is the exit code.</summary>
    internal const string Tail = """
        Directory.Delete(scratch, recursive: true);
        return failed;
        static void Use(object? value) { }
        """;

    /// <summary>Compiles and runs a head and fragments.</summary>
    internal static (int ExitCode, string Output) Run(string name, string program)
    {
        string folder = RepositoryRoot.Combine("artifacts", "docs"), file = Path.Combine(folder, name);
        Directory.CreateDirectory(folder);
        File.WriteAllText(file, program + Tail);
        return ScriptProgram.Run(file);
    }
}
