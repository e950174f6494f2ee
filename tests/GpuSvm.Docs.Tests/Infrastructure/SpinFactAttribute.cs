namespace GpuSvm.Docs.Tests.Infrastructure;

/// <summary>A test that needs the model checker SPIN and a C compiler: skipped, with what is missing, where one is not on PATH.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SpinFactAttribute : FactAttribute
{
    public SpinFactAttribute()
    {
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        string[] missing = [.. new[] { "spin", "gcc" }.Where(tool => !folders.Any(folder => File.Exists(Path.Combine(folder, tool))))];
        Skip = missing.Length == 0 ? null : $"not on PATH: {string.Join(", ", missing)}";
    }
}
