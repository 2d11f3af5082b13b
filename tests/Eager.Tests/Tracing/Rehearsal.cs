namespace Eager.Tests.Tracing;

/// <summary>How a thread rehearses captures on the CPU, as Native/capture.cpp numbers it.</summary>
public enum Rehearsal
{
    /// <summary>Replays run call by call.</summary>
    None,

    /// <summary>Replays launch graphs that pretend to be a device's.</summary>
    Whole,

    /// <summary>A program's second graph cannot be recorded.</summary>
    Broken,
}
