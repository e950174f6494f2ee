using GpuSvm.Core;

namespace GpuSvm.Controls;

/// <summary>A race on real threads that looks for one kind of defect: silent on the production code, loud once a mutation is on.</summary>
/// <remarks>
/// A scenario is a public class with a constructor without parameters; nothing else is needed for it to be found. It runs in a process
/// of its own, in which <c>GPUSVM_BREAK</c> may have switched one mutation of <see cref="Breaks"/> on; it does not look which one.
/// </remarks>
public interface IControlScenario
{
    /// <summary>How the command line and <see cref="BrokenControl"/> name it: words in lower case with hyphens.</summary>
    string Name { get; }

    /// <summary>Runs until the defect shows or the deadline passes.</summary>
    /// <param name="deadline">When to stop looking; a scenario that can prove its point by a number of rounds may stop before.</param>
    /// <param name="log">What was seen, for the reader of a failed test.</param>
    Verdict Run(Deadline deadline, TextWriter log);
}
