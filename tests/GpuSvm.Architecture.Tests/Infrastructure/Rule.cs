namespace GpuSvm.Architecture.Tests.Infrastructure;

/// <summary>A rule of the house and what breaks it.</summary>
public static class Rule
{
    /// <summary>Fails with every breach on a line of its own.</summary>
    public static void Holds(string rule, IEnumerable<string> breaches)
    {
        string[] found = [.. breaches];
        Assert.True(found.Length == 0, $"{rule}\n  {string.Join("\n  ", found)}");
    }
}
