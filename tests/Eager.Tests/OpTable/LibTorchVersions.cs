namespace Eager.Tests.OpTable;

/// <summary>What the table expects of one LibTorch and not of another; docs/libtorch-versions.md says the same in words.</summary>
internal static class LibTorchVersions
{
    /// <summary>True from LibTorch 2 on, whose CPU kernels take float16 and bfloat16 nearly everywhere.</summary>
    internal static readonly bool IsSecond = Version.Parse(string.Concat(Runtime.LibTorchVersion.TakeWhile(static c => char.IsAsciiDigit(c) || c == '.'))).Major >= 2;
}
