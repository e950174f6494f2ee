using System.Runtime.InteropServices;
using GpuSvm.Core;
using GpuSvm.Live.Programs.Kernels;

namespace GpuSvm.Live.Programs.Adopted;

/// <summary>A list of malloc's, and a word of the stack, are the GPU's and the program's by turns, at the addresses that they have.</summary>
internal sealed unsafe class AdoptedList : ILiveProgram
{
    private const int Nodes = 3000;
    private const int Strings = 24;

    /// <inheritdoc/>
    public string Name => "adopted-list";

    /// <inheritdoc/>
    public Task RunAsync(string[] args, TextWriter output)
    {
        var placement = Enum.Parse<SvmResidency>(args[0]);
        SvmSession svm = SvmSession.OpenAsync(new SvmOptions
        {
            VideoMemory = ByteSize.KiB(args.Length > 1 ? ulong.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture) : 65536),
            Ranges = new SvmRangeOptions { Placement = placement },
        }).GetAwaiter().GetResult();
        (VirtualAddress first, VirtualAddress last) = Build();
        nint sum = (nint)NativeMemory.AllocZeroed(8);
        using (AdoptedMemory nodes = svm.Adopt(first, new ByteSize(last.Value + Strings - first.Value)))
        using (AdoptedMemory result = svm.Adopt((ulong)sum, 8))
        {
            Check.That(Page.IsAligned(nodes.Address) && nodes.Address <= first, "Whole pages are shared, outwards.");
            for (int round = 0; round < 3; round++)
            {
                LaunchResult launch = svm.LaunchAsync(AdoptedKernels.SumAndAdd, 1, 1, new ListArgs(first, (ulong)sum, 1000)).GetAwaiter().GetResult();
                launch.ThrowIfFailed();
                if (args.Length == 1)
                {
                    Check.That(!PagemapEntry.Of(first).IsPresent, "The first node is not the CPU's any more.");
                    Check.That(!PagemapEntry.Of(last).IsPresent, "Nor is the last.");
                }

                Check.Equal(Expected(round), *(long*)sum, $"sum of round {round}");
                Check.Equal(((long)Nodes * (Nodes - 1) / 2) + ((round + 1) * 1000L * Nodes), Sum(first), $"values after round {round}");
            }

            svm.LaunchAsync(AdoptedKernels.SumAndAdd, 1, 1, new ListArgs(first, (ulong)sum, 0)).GetAwaiter().GetResult().ThrowIfFailed();
        }

        Check.That(PagemapEntry.Of(first).IsPresent, "What is given back is at home.");
        Check.Equal(((long)Nodes * (Nodes - 1) / 2) + (3000L * Nodes), Sum(first), "values when all is given back");
        LaunchResult after = svm.LaunchAsync(AdoptedKernels.SumAndAdd, 1, 1, new ListArgs(first, (ulong)sum, 1)).GetAwaiter().GetResult();
        Check.Equal(LaunchStatus.Faulted, after.Status, "a kernel on memory that was given back");
        OnTheStack(svm);

        // What is still on the GPU when the session ends comes home, too.
        _ = svm.Adopt(first, new ByteSize(last.Value + Strings - first.Value));
        _ = svm.Adopt((ulong)sum, 8);
        svm.LaunchAsync(AdoptedKernels.SumAndAdd, 1, 1, new ListArgs(first, (ulong)sum, 1)).GetAwaiter().GetResult().ThrowIfFailed();
        svm.DisposeAsync().AsTask().GetAwaiter().GetResult();
        Check.Equal(((long)Nodes * (Nodes - 1) / 2) + (3001L * Nodes), Sum(first), "values after the session's end");
        return Task.CompletedTask;
    }

    private static long Expected(int round) => ((long)Nodes * (Nodes - 1) / 2) + (round * 1000L * Nodes);

    private static (VirtualAddress First, VirtualAddress Last) Build()
    {
        // One block of odd stride: nodes lie across pages, and are not aligned to more than a word.
        byte* block = (byte*)NativeMemory.Alloc(Nodes * Strings * 4);
        for (int i = 0; i < Nodes; i++)
        {
            long* node = (long*)(block + (i * Strings * 4));
            node[0] = i == Nodes - 1 ? 0 : (long)(block + ((i + 1) * Strings * 4));
            node[1] = i;
        }

        return ((ulong)block, (ulong)(block + ((Nodes - 1) * Strings * 4)));
    }

    private static long Sum(VirtualAddress first)
    {
        long sum = 0;
        for (long* node = (long*)first.Value; node != null; node = (long*)node[0])
        {
            sum += node[1];
        }

        return sum;
    }

    private static void OnTheStack(SvmSession svm)
    {
        long* node = stackalloc long[3];
        node[0] = 0;
        node[1] = 41;
        using (svm.Adopt((ulong)node, 24))
        {
            svm.LaunchAsync(AdoptedKernels.SumAndAdd, 1, 1, new ListArgs((ulong)node, (ulong)(node + 2), 1)).GetAwaiter().GetResult().ThrowIfFailed();
            Check.Equal((42L, 41L), (node[1], node[2]), "words of the stack");
        }

        Check.Equal((42L, 41L), (node[1], node[2]), "words of the stack when they are given back");
    }
}
