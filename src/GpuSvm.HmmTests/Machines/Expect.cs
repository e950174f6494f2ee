using System.Runtime.InteropServices;

namespace GpuSvm.HmmTests;

/// <summary>What a test expects.</summary>
internal static class Expect
{
    /// <summary>Stops the test unless a value is as expected.</summary>
    public static void Equal<T>(T expected, T actual, string what)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual))
        {
            throw new HmmExpectationException($"{what}: expected {expected}, is {actual}");
        }
    }

    /// <summary>Stops the test unless <c>int[i]</c> is as a rule says, for all of a range of indices.</summary>
    public static void Ints(ReadOnlySpan<byte> bytes, Func<int, int> expected, string what)
    {
        ReadOnlySpan<int> ints = MemoryMarshal.Cast<byte, int>(bytes);
        for (int i = 0; i < ints.Length; i++)
        {
            if (ints[i] != expected(i))
            {
                throw new HmmExpectationException($"{what}: int[{i}] of {ints.Length}: expected {expected(i)}, is {ints[i]}");
            }
        }
    }

    /// <summary>Stops the test unless the pages are as expected, one after the other.</summary>
    public static void Pages<T>(IReadOnlyList<T> expected, IReadOnlyList<T> actual, string what)
    {
        Equal(expected.Count, actual.Count, $"{what}: number of pages");
        for (int i = 0; i < expected.Count; i++)
        {
            Equal(expected[i], actual[i], $"{what}: page {i}");
        }
    }
}
