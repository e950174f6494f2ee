using System.Globalization;
using GpuSvm.Controls;
using GpuSvm.Core;

// GpuSvm.Controls NAME [--seconds N]: runs one scenario. GpuSvm.Controls --list: names them.
IControlScenario[] scenarios = typeof(IControlScenario).Assembly.GetTypes()
    .Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IControlScenario)))
    .Select(type => (IControlScenario)Activator.CreateInstance(type)!)
    .OrderBy(scenario => scenario.Name, StringComparer.Ordinal)
    .ToArray();

if (args is ["--list"])
{
    Array.ForEach(scenarios, scenario => Console.WriteLine(scenario.Name));
    return (int)Verdict.Clean;
}

int seconds = 5;
bool understood = args is [_] || (args is [_, "--seconds", string text] && int.TryParse(text, CultureInfo.InvariantCulture, out seconds));
IControlScenario? chosen = understood ? Array.Find(scenarios, scenario => scenario.Name == args[0]) : null;
if (chosen is null)
{
    string names = string.Join(", ", scenarios.Select(scenario => scenario.Name));
    Console.Error.WriteLine($"usage: GpuSvm.Controls NAME [--seconds N], where NAME is one of {names}");
    return (int)Verdict.Failed;
}

// A misspelt mutation would run the healthy code and prove nothing.
if (Environment.GetEnvironmentVariable("GPUSVM_BREAK") is { Length: > 0 } name && !Breaks.Names.Contains(name))
{
    Console.Error.WriteLine($"GPUSVM_BREAK={name} is none of {string.Join(", ", Breaks.Names)}");
    return (int)Verdict.Failed;
}

try
{
    return (int)chosen.Run(Clock.Monotonic.After(TimeSpan.FromSeconds(seconds)), Console.Out);
}
catch (Exception failure)
{
    Console.Error.WriteLine(failure);
    return (int)Verdict.Failed;
}
