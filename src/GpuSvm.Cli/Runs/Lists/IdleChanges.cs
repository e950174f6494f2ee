namespace GpuSvm.Cli.Runs.Lists;

/// <summary>Changes a list while the GPU is idle: values, the order of nodes, and where a whole mapping lies.</summary>
internal static class IdleChanges
{
    private const int MostChanges = 100_000;

    /// <summary>Changes about every eighth node's value and place in the order, then moves a whole mapping.</summary>
    public static void Make(ProcessList list, SeededRandom random)
    {
        int changes = Math.Clamp(list.Count / 8, 1, MostChanges);
        for (int i = 0; i < changes; i++)
        {
            list.SetValue(random.Next(list.Count), random.Next(1UL << 32));
            list.MoveBehind(random.Next(list.Count), random.Next(list.Count));
        }

        list.Remap(list.RandomMapping());
    }
}
