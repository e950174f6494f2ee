using System.IO.MemoryMappedFiles;
using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;

namespace GpuSvm.Live.Programs;

/// <summary>Threads touch fresh pages and count them in a file, where the test reads how many there were when the engine died.</summary>
public sealed class Orphaned : ILiveProgram
{
    /// <summary>Number of threads.</summary>
    public const int Threads = 4;

    /// <summary>Distance of the counters of two threads in bytes: pages begun, and behind it pages that could be used.</summary>
    public const int Stride = 64;

    /// <summary>Pages that a thread touches before it tells the test.</summary>
    private const int First = 100;

    private const int PagesPerThread = 1 << 17;

    /// <inheritdoc/>
    public string Name => "orphaned";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        SvmSession svm = await SvmSession.OpenAsync(new SvmOptions { HeapLimit = ByteSize.GiB(3) });
        using MemoryMappedFile file = MemoryMappedFile.CreateFromFile(args[0], FileMode.Open);
        using MemoryMappedViewAccessor counters = file.CreateViewAccessor();
        using var ready = new CountdownEvent(Threads);
        SvmThread[] threads =
            [.. Enumerable.Range(0, Threads).Select(i => SvmThread.Start("toucher", () => Touch(svm, counters, i, ready)))];
        ready.Wait();
        await svm.TellAsync(output);
        Array.ForEach(threads, thread => thread.Join());
    }

    private static void Touch(SvmSession svm, MemoryMappedViewAccessor counters, int thread, CountdownEvent ready)
    {
        VirtualAddress start = svm.Map(PagesPerThread * Page.Size, Protection.ReadWrite);
        for (int page = 0; page < PagesPerThread; page++)
        {
            counters.Write(thread * Stride, (long)page + 1);
            Check.Equal(0, Volatile.Read(ref svm.Word(start, page)), "a fresh page");
            counters.Write((thread * Stride) + sizeof(long), (long)page + 1);
            if (page == First)
            {
                ready.Signal();
            }
        }
    }
}
