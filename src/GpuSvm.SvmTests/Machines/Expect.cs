namespace GpuSvm.SvmTests;

/// <summary>What a test expects.</summary>
internal static class Expect
{
    /// <summary>Stops the test unless a condition holds.</summary>
    public static void That(bool holds, string sentence)
    {
        if (!holds)
        {
            throw new SvmExpectationException(sentence);
        }
    }

    /// <summary>Stops the test unless a value is as expected.</summary>
    public static void Equal<T>(T expected, T actual, string what)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual))
        {
            throw new SvmExpectationException($"{what}: expected {expected}, is {actual}");
        }
    }

    /// <summary>Stops the test unless bytes are as expected; names the first that is not.</summary>
    public static void Bytes(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual, string what)
    {
        int same = expected.CommonPrefixLength(actual);
        if (same < expected.Length || same < actual.Length)
        {
            throw new SvmExpectationException($"{what}: byte {same} of {expected.Length}: expected 0x{expected[same]:x2}, is 0x{actual[same]:x2}");
        }
    }
}
