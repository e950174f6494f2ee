using System.Reflection;
using GpuSvm.Scenarios;

namespace GpuSvm.Cli.Explore;

/// <summary>Where scenarios come from: GpuSvm itself, or an assembly that is named by its path.</summary>
internal static class ScenarioAssembly
{
    /// <summary>The environment variable by which a process that explores learns the path.</summary>
    public const string Variable = "GPUSVM_SCENARIOS";

    /// <summary>The assembly of <c>explore review</c>.</summary>
    public static string OfReview => Path.Combine(AppContext.BaseDirectory, "review", "GpuSvm.PostedStrategies.dll");

    /// <summary>All scenarios of an assembly; those of GpuSvm without a path.</summary>
    public static IReadOnlyList<IRaceScenario> Scenarios(string? path) =>
        path is null ? RaceScenarios.All() : RaceScenarios.In(Load(path));

    /// <summary>All scenarios that can be named: with those of drivers on each mirror strategy, which are GpuSvm's.</summary>
    public static IReadOnlyList<IRaceScenario> Named(string? path) =>
        path is null ? [.. RaceScenarios.All(), .. RaceScenarios.OnStrategies()] : Scenarios(path);

    /// <summary>Loads an assembly; what it references of GpuSvm is the tool's own.</summary>
    /// <exception cref="BadInputException">There is none, or it cannot be loaded.</exception>
    public static Assembly Load(string path)
    {
        try
        {
            return Assembly.LoadFrom(Path.GetFullPath(path));
        }
        catch (Exception failure) when (failure is IOException or BadImageFormatException or UnauthorizedAccessException)
        {
            throw new BadInputException($"--scenarios {path}: {failure.Message}");
        }
    }
}
