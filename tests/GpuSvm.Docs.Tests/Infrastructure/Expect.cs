namespace GpuSvm.Docs.Tests.Infrastructure;

/// <summary>Assertions whose failures can be read.</summary>
internal static class Expect
{
    /// <summary>Fails with every problem on a line of its own.</summary>
    public static void None(IEnumerable<string> problems)
    {
        string[] found = [.. problems];
        Assert.True(found.Length == 0, $"{found.Length} problems:\n  {string.Join("\n  ", found)}");
    }
}
