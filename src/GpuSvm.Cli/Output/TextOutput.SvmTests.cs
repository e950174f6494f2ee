using GpuSvm.Cli.SvmTesting;
using GpuSvm.SvmTests;

namespace GpuSvm.Cli.Output;

/// <content>What the SVM tests tell.</content>
internal static partial class TextOutput
{
    /// <summary>Prints what tests there are.</summary>
    public static void Write(IReadOnlyList<SvmTest> tests)
    {
        int width = tests.Max(test => test.Name.Length);
        foreach (SvmTest test in tests)
        {
            Console.Out.WriteLine($"{test.Name.PadRight(width)}  {test.Summary}");
        }
    }

    /// <summary>Prints how many tests of a group have passed, and a line for each that has not.</summary>
    public static void Write(IReadOnlyList<SvmTestRow> group)
    {
        foreach (SvmTestRow row in group.Where(row => row.Failure is not null))
        {
            Console.Out.WriteLine($"FAILED  {row.Name}{(row.Schedules is null ? "" : " (explored)")}: {row.Failure!.ReplaceLineEndings(" ")}");
        }

        int passed = group.Count(row => row.Failure is null);
        Console.Out.WriteLine($"{group[0].Group}: {passed} passed, {group.Count - passed} failed");
    }

    /// <summary>Prints how many tests have passed.</summary>
    public static void Write(SvmTestsDocument document) => Console.Out.WriteLine($"{document.Passed} passed, {document.Failed} failed");
}
