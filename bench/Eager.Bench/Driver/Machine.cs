using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Eager.Bench;

/// <summary>What the figures were measured on.</summary>
internal sealed partial record Machine(string Processor, int Cores, double MemoryGigabytes, string System, string DotNet)
{
    public static Machine This()
    {
        var processor = Field("/proc/cpuinfo", ProcessorName());
        var kilobytes = double.Parse(Field("/proc/meminfo", TotalMemory()), global::System.Globalization.CultureInfo.InvariantCulture);
        return new Machine(
            processor, Environment.ProcessorCount, kilobytes / (1 << 20), RuntimeInformation.OSDescription, RuntimeInformation.FrameworkDescription);
    }

    private static string Field(string file, Regex pattern) => pattern.Match(File.ReadAllText(file)).Groups["value"].Value.Trim();

    [GeneratedRegex(@"^model name\s*:(?<value>.*)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ProcessorName();

    [GeneratedRegex(@"^MemTotal:\s*(?<value>\d+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TotalMemory();
}
