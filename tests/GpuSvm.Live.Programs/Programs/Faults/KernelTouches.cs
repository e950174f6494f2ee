using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live.Programs.Faults;

/// <summary>64 threads have the kernel copy from and to pages that a GPU takes away all the time. <c>kernel-touches PAGES</c></summary>
internal sealed class KernelTouches : ILiveProgram
{
    private const int Threads = 64;
    private const int Launches = 12;
    private const int WordsPerPage = 512;

    /// <summary>The GPU counts in word 0 of a page.</summary>
    private const int FirstOwnWord = 8;

    /// <inheritdoc/>
    public string Name => "kernel-touches";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        int pages = int.Parse(args[0], System.Globalization.CultureInfo.InvariantCulture);
        await using SvmSession svm = await SvmSession.OpenAsync(EngineFixture.Moving(ExecutionMode.Parallel));
        SvmBuffer<long> buffer = svm.Allocate<long>(pages * WordsPerPage);
        string path = Path.GetTempFileName();
        int launches = 0;
        try
        {
            using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
            (await svm.AddAsync(buffer.Address, pages, 1)).ThrowIfFailed();
            launches++;
            using var stop = new CancellationTokenSource();
            SvmThread[] threads =
                [.. Enumerable.Range(0, Threads).Select(i => SvmThread.Start("toucher", () => Touch(buffer, pages, file, i, stop.Token)))];
            for (; launches < Launches; launches++)
            {
                (await svm.AddAsync(buffer.Address, pages, 1)).ThrowIfFailed();
            }

            await stop.CancelAsync();
            Array.ForEach(threads, thread => thread.Join());
            Check.That(Enumerable.Range(0, pages).All(page => (int)buffer.Slice(page * (long)WordsPerPage, 1)[0] == launches), "launches counted");
            DemandEfault(svm, file);
        }
        finally
        {
            File.Delete(path);
        }

        MigrationCounters moved = (await svm.CountersAsync()).Migration;
        await output.WriteLineAsync(
            $"{launches} launches, {moved.PagesToDeviceByFault} pages to the GPU, {moved.PagesHomeByFault} home");
    }

    /// <summary>The kernel reads what the thread stored, and stores what the thread reads: by one part, and by two.</summary>
    private static void Touch(SvmBuffer<long> buffer, int pages, SafeFileHandle file, int thread, CancellationToken stop)
    {
        var random = new Random(thread);
        long offset = thread * 64;
        for (int round = 1; !stop.IsCancellationRequested; round++)
        {
            Span<long> first = Own(buffer, random.Next(pages), thread);
            Span<long> second = Own(buffer, random.Next(pages), thread + Threads);
            long value = (thread * 1_000_000L) + round;
            first[0] = value;
            second[0] = -value;
            RandomAccess.Write(file, MemoryMarshal.AsBytes(first), offset);
            Check.Equal(value, FileWord(file, offset), "what pwrite(2) took");
            Native.Gather(file, first, second, offset + 16);
            Check.Equal((value, -value), (FileWord(file, offset + 16), FileWord(file, offset + 24)), "what pwritev(2) took");
            first[0] = 0;
            Check.Equal(8, RandomAccess.Read(file, MemoryMarshal.AsBytes(first), offset), "bytes of pread(2)");
            Check.Equal(value, Volatile.Read(ref first[0]), "what pread(2) gave");
            first[0] = second[0] = 0;
            Native.Scatter(file, first, second, offset + 16);
            Check.Equal((value, -value), (Volatile.Read(ref first[0]), Volatile.Read(ref second[0])), "what preadv(2) gave");
        }
    }

    private static Span<long> Own(SvmBuffer<long> buffer, int page, int index) =>
        buffer.Slice((page * (long)WordsPerPage) + FirstOwnWord + index, 1);

    private static long FileWord(SafeFileHandle file, long offset)
    {
        long word = 0;
        RandomAccess.Read(file, MemoryMarshal.AsBytes(new Span<long>(ref word)), offset);
        return word;
    }

    /// <summary>Memory that may not be stored to is EFAULT, as any process's is.</summary>
    private static void DemandEfault(SvmSession svm, SafeFileHandle file)
    {
        VirtualAddress constant = svm.Map(Page.Size, Protection.Read);
        Check.Equal((int)Errno.EFAULT, Native.StoreByKernel(file, constant.Value), "error of read(2) into memory that may only be read");
        Check.Equal(0, RawCalls.Read(constant), "its byte");
    }
}
