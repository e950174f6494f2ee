using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;

namespace GpuSvm.Live.Programs;

/// <summary>CPU threads and the GPU fault the same pages and others at once, and the kernel itself faults for the app.</summary>
internal sealed class ManyThreads : ILiveProgram
{
    private const int Threads = 6;
    private const int Pages = 256;
    private const int WordsPerPage = 1024;

    /// <inheritdoc/>
    public string Name => "many-threads";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        await using SvmSession svm = await SvmSession.OpenAsync(new SvmOptions { Execution = ExecutionMode.Parallel });
        using SvmBuffer<int> same = svm.Allocate<int>(Pages * WordsPerPage);
        using SvmBuffer<int> own = svm.Allocate<int>(Pages * WordsPerPage);
        using var start = new Barrier(Threads);
        SvmThread[] threads = [.. Enumerable.Range(0, Threads).Select(i => SvmThread.Start("toucher", () => Touch(start, same, own, i)))];
        LaunchResult launch = await svm.LaunchAsync(
            PageKernels.Store, grid: 8, block: 32, new PageArgs(same.Address + (4 * (WordsPerPage - 1)), Pages, 77));
        Array.ForEach(threads, thread => thread.Join());
        launch.ThrowIfFailed();
        Demand(same, own);
        Check.Equal(Pages, (int)(await svm.CountersAsync()).PagesMapped, "pages mapped by the GPU");
        KernelTouches(svm);
    }

    private static void Touch(Barrier start, SvmBuffer<int> same, SvmBuffer<int> own, int thread)
    {
        start.SignalAndWait();
        for (int i = 0; i < Pages; i++)
        {
            // Every second thread goes down; all meet.
            int page = thread % 2 == 0 ? i : Pages - 1 - i;
            Interlocked.Increment(ref same.Span[page * WordsPerPage]);
            same.Span[(page * WordsPerPage) + 1 + thread] = page;
            if (page % Threads == thread)
            {
                own.Span[page * WordsPerPage] = page;
            }
        }
    }

    private static void Demand(SvmBuffer<int> same, SvmBuffer<int> own)
    {
        for (int page = 0; page < Pages; page++)
        {
            Span<int> words = same.Slice(page * WordsPerPage, WordsPerPage);
            Check.Equal(Threads, words[0], $"threads that counted page {page}");
            for (int thread = 0; thread < Threads; thread++)
            {
                Check.Equal(page, words[1 + thread], $"page {page} of thread {thread}");
            }

            Check.Equal(77, words[WordsPerPage - 1], $"page {page} of the GPU");
            Check.Equal(page, own.Span[page * WordsPerPage], $"page {page} of one thread");
        }
    }

    /// <summary>read(2) into, and write(2) out of, memory that nobody has touched.</summary>
    private static void KernelTouches(SvmSession svm)
    {
        const int Bytes = 3 * 4096;
        using SvmBuffer<byte> from = svm.Allocate<byte>(Bytes);
        using SvmBuffer<byte> to = svm.Allocate<byte>(Bytes);
        string path = Path.GetTempFileName();
        try
        {
            using Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
            RandomAccess.Write(file, from.Span, 0);
            Check.Equal(Bytes, RandomAccess.GetLength(file), "bytes that write(2) took");
            RandomAccess.Write(file, "GpuSvm"u8, 4094);
            Check.Equal(Bytes, RandomAccess.Read(file, to.Span, 0), "bytes that read(2) gave");
            Check.That(to.Slice(4094, 6).SequenceEqual("GpuSvm"u8), "read(2) gives the bytes of the file");
            Check.Equal(6, to.Span.ToArray().Count(value => value != 0), "bytes that are not zero");
        }
        finally
        {
            File.Delete(path);
        }
    }
}
