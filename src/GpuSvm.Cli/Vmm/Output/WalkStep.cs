namespace GpuSvm.Cli.Vmm.Output;

/// <summary>An entry that a walk reads.</summary>
/// <param name="Table">Which table, by the format's name for it.</param>
/// <param name="TableAddress">Where the table lies.</param>
/// <param name="Index">Number of the entry in it.</param>
/// <param name="Entry">The entry as it stands there.</param>
/// <param name="Meaning">What it says.</param>
internal sealed record WalkStep(string Table, ulong TableAddress, int Index, string Entry, string Meaning);
