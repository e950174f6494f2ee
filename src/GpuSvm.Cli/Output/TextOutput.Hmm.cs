using GpuSvm.Cli.Hmm;
using GpuSvm.HmmTests;

namespace GpuSvm.Cli.Output;

/// <content>What the HMM tests tell.</content>
internal static partial class TextOutput
{
    /// <summary>Prints what tests there are.</summary>
    public static void Write(IReadOnlyList<HmmTest> tests)
    {
        int width = tests.Max(test => test.Name.Length);
        foreach (HmmTest test in tests)
        {
            Console.Out.WriteLine($"{test.Name.PadRight(width)}  {test.Summary}");
        }
    }

    /// <summary>Prints what came of one test.</summary>
    public static void Write(HmmTestRow row) => Console.Out.WriteLine(
        row.Failure is { } failure
            ? $"FAILED  {row.Kind,-8}  {row.Name}: {failure.ReplaceLineEndings(" ")}"
            : $"passed  {row.Kind,-8}  {row.Name}");

    /// <summary>Prints how many tests have passed.</summary>
    public static void Write(HmmTestsDocument document) => Console.Out.WriteLine($"{document.Passed} passed, {document.Failed} failed");
}
