using System.Globalization;
using GpuSvm.ExplorerPrograms;

// GpuSvm.ExplorerPrograms VERB SCENARIO [NUMBER]: explores one scenario in this process and prints what it found.
if (args is not [string verb, string name, .. string[] rest] || Scenarios.Find(name) is not { } scenario)
{
    Console.Error.WriteLine($"usage: GpuSvm.ExplorerPrograms VERB SCENARIO [NUMBER], where SCENARIO is one of {Scenarios.Names}");
    return 2;
}

int number = rest is [string text] ? int.Parse(text, CultureInfo.InvariantCulture) : 1000;
using var explorer = new Explorer();
var experiment = new Experiment(explorer, scenario, Console.Out);
return experiment.Run(verb, number) ? 0 : 2;
