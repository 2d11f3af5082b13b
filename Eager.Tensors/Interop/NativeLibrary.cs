using System.Reflection;
using System.Runtime.InteropServices;

namespace Eager.Interop;

/// <summary>Finds and loads libeager_native.so, after the settings that LibTorch's libraries read when they are loaded.</summary>
internal static partial class NativeLibrary
{
    internal const string Name = "eager_native";

    /// <summary>Called once, before the first native call.</summary>
    internal static void Prepare()
    {
        // libgomp's workers would spin after every parallel kernel and starve the BLAS threads; it reads this from the C environment when it loads.
        SetEnvironmentVariable("OMP_WAIT_POLICY", "passive", overwrite: 0);
        System.Runtime.InteropServices.NativeLibrary.SetDllImportResolver(typeof(NativeLibrary).Assembly, Resolve);
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != Name) return 0;
        string file = Path.Combine(AppContext.BaseDirectory, "libeager_native.so");
        if (!File.Exists(file)) file = Path.Combine(Path.GetDirectoryName(assembly.Location) ?? ".", "libeager_native.so");
        try
        {
            return System.Runtime.InteropServices.NativeLibrary.Load(file);
        }
        catch (DllNotFoundException e)
        {
            string reason = File.Exists(file)
                ? $"it could not be loaded ({e.Message.Split('\n')[0]}); install LibTorch with './eager setup' or 'apt-get install libtorch-dev', or rebuild with LIBTORCH set to the one you have"
                : "it is missing; build the program again, so that it is copied beside it";
            throw new LibTorchException($"{file}: {reason}.", e);
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv")]
    private static unsafe partial int SetEnvironment(byte* name, byte* value, int overwrite);

    private static unsafe void SetEnvironmentVariable(string name, string value, int overwrite)
    {
        fixed (byte* n = System.Text.Encoding.UTF8.GetBytes(name + "\0"), v = System.Text.Encoding.UTF8.GetBytes(value + "\0"))
            _ = SetEnvironment(n, v, overwrite);
    }
}
