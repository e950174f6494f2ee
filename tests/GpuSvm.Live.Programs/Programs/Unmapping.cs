using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;

namespace GpuSvm.Live.Programs;

/// <summary>Buffers are unmapped, whole or in part, by the session or behind its back.</summary>
internal sealed class Unmapping : ILiveProgram
{
    private const int Pages = 8;
    private const ulong Bytes = Pages * Page.Size;

    /// <summary>Far from where the system maps for others, so that what is unmapped there stays free until this program takes it.</summary>
    private const ulong Far = 0x5000_0000_0000;

    /// <inheritdoc/>
    public string Name => "unmapping";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        VirtualAddress foreign;
        await using (SvmSession svm = await SvmSession.OpenAsync(new SvmOptions { Execution = ExecutionMode.Parallel }))
        {
            VirtualAddress flag = svm.Map(Page.Size, Protection.ReadWrite);
            svm.Word(flag, 0) = 0;
            VirtualAddress whole = await WholeAsync(svm);
            await AgainAsync(svm, whole);
            await PartAsync(svm);
            await DisposedAsync(svm);
            await UnderKernelAsync(svm, flag);
            InItsPlace(svm);
            foreign = await ForeignAsync(svm);
        }

        for (ulong page = 0; page < Pages; page++)
        {
            Check.Equal((byte)42, RawCalls.Read(foreign + (page * Page.Size)), $"page {page} of private memory after the session");
        }
    }

    private static async Task<VirtualAddress> WholeAsync(SvmSession svm)
    {
        Check.Equal(Errno.None, svm.TryMap(Far, Bytes, Protection.ReadWrite, out VirtualAddress start), "mapping");
        Fill(svm, start);
        (await svm.AddAsync(start, Pages, 1)).ThrowIfFailed();
        Check.Equal(Pages + 1, ProcessView.PagesHeld(svm.EngineProcessId), "pages held before");
        RawCalls.Unmap(start, Bytes);
        await svm.DemandFaultAsync(start + (5 * Page.Size), "page 5 of an unmapped buffer");
        Check.Equal(1, ProcessView.PagesHeld(svm.EngineProcessId), "pages held after");
        Check.Equal(1, ProcessView.Buffers(svm.EngineProcessId), "buffers left");
        return start;
    }

    /// <summary>The same addresses once more: fresh zeros for the CPU on the even pages and for the GPU on the odd ones.</summary>
    private static async Task AgainAsync(SvmSession svm, VirtualAddress start)
    {
        Check.Equal(Errno.None, svm.TryMap(start, Bytes, Protection.ReadWrite, out VirtualAddress again), "mapping again");
        Check.Equal(start, again, "the address again");
        for (int page = 0; page < Pages; page += 2)
        {
            Check.Equal(0, svm.Word(start, page), $"fresh page {page}");
        }

        (await svm.AddAsync(start, Pages, 3)).ThrowIfFailed();
        for (int page = 0; page < Pages; page++)
        {
            Check.Equal(3, svm.Word(start, page), $"fresh page {page} with the GPU's 3");
        }

        svm.Unmap(start, Bytes);
    }

    private static async Task PartAsync(SvmSession svm)
    {
        VirtualAddress start = svm.Map(Bytes, Protection.ReadWrite);
        Fill(svm, start);
        (await svm.AddAsync(start, Pages, 1)).ThrowIfFailed();
        long before = ProcessView.PagesHeld(svm.EngineProcessId);
        RawCalls.Unmap(start + (2 * Page.Size), 3 * Page.Size);
        await svm.DemandFaultAsync(start + (2 * Page.Size), "the first page of the hole");
        await svm.DemandFaultAsync(start + (4 * Page.Size), "the last page of the hole");
        (await svm.AddAsync(start, 2, 10)).ThrowIfFailed();
        (await svm.AddAsync(start + (5 * Page.Size), 3, 10)).ThrowIfFailed();
        foreach (int page in (int[])[0, 1, 5, 6, 7])
        {
            Check.Equal(100 + page + 11, svm.Word(start, page), $"page {page} beside the hole");
        }

        Check.Equal(before - 3, ProcessView.PagesHeld(svm.EngineProcessId), "pages held beside the hole");
        RawCalls.Unmap(start, 2 * Page.Size);
        RawCalls.Unmap(start + (5 * Page.Size), 3 * Page.Size);
        await svm.DemandFaultAsync(start + (7 * Page.Size), "the last page");
        Check.Equal(before - Pages, ProcessView.PagesHeld(svm.EngineProcessId), "pages held after the parts");
    }

    /// <summary>A span that outlives its buffer reads zeros, and no new buffer comes to its place.</summary>
    private static async Task DisposedAsync(SvmSession svm)
    {
        long before = ProcessView.PagesHeld(svm.EngineProcessId);
        SvmBuffer<int> buffer = svm.Allocate<int>(Pages * 1024);
        Fill(svm, buffer.Address);
        DemandStaleZeros(buffer);
        Check.That(Throws<ObjectDisposedException>(() => _ = buffer.Span[0]), "A buffer that is disposed of gives no span.");
        await svm.DemandFaultAsync(buffer.Address, "a buffer that is disposed of");
        Check.Equal(before, ProcessView.PagesHeld(svm.EngineProcessId), "pages held after a buffer");
        AddressRange old = AddressRange.FromLength(buffer.Address, Bytes);
        for (int i = 0; i < 20; i++)
        {
            VirtualAddress other = svm.Map(Bytes, Protection.ReadWrite);
            Check.That(!AddressRange.FromLength(other, Bytes).Overlaps(old), $"Buffer {i} lies elsewhere than a stale span.");
            svm.Unmap(other, Bytes);
        }
    }

    private static void DemandStaleZeros(SvmBuffer<int> buffer)
    {
        Span<int> stale = buffer.Span;
        Check.Equal(100, stale[0], "the span before");
        buffer.Dispose();
        buffer.Dispose();
        for (int page = 0; page < Pages; page++)
        {
            Check.Equal(0, stale[page * 1024], $"page {page} of the stale span");
        }
    }

    private static async Task UnderKernelAsync(SvmSession svm, VirtualAddress flag)
    {
        VirtualAddress start = svm.Map(Bytes, Protection.ReadWrite);
        Task<LaunchResult> launch = svm.StartEndless(start, Pages, flag);
        RawCalls.Unmap(start + (4 * Page.Size), 4 * Page.Size);
        LaunchResult result = await launch;
        Check.Equal(LaunchStatus.Faulted, result.Status, "a kernel whose memory goes away");
        Check.That(
            result.Fault!.Address >= start + (4 * Page.Size) && result.Fault.Address < start + Bytes
            && Page.IsAligned(result.Fault.Address),
            $"It stored to {result.Fault.Address}, the first word of a page of [{start + (4 * Page.Size)}, {start + Bytes}).");
        Check.Equal(Errno.EFAULT, result.Fault.Error, "its error");
        Check.That(svm.Word(start, 3) > 0, "What is left keeps what the kernel stored.");
        (await svm.AddAsync(start, 4, 1)).ThrowIfFailed();
        svm.Unmap(start, 4 * Page.Size);
    }

    /// <summary>A buffer is unmapped behind the session's back, and the addresses become somebody else's.</summary>
    private static async Task<VirtualAddress> ForeignAsync(SvmSession svm)
    {
        Check.Equal(Errno.None, svm.TryMapBuffer(Far, Bytes, Protection.ReadWrite, out MappedBuffer mapped), "mapping");
        using var buffer = new SvmBuffer<int>(svm, mapped, Pages * 1024);
        VirtualAddress start = buffer.Address;
        Fill(svm, start);
        RawCalls.Unmap(start, Bytes);
        RawCalls.MapPrivate(start, Bytes, fill: 42);
        buffer.Dispose();
        Check.Equal((byte)42, RawCalls.Read(buffer.Address), "private memory in the place of a buffer that is disposed of");
        await svm.DemandFaultAsync(start, "private memory");
        return start;
    }

    /// <summary>A buffer is unmapped behind the session's back, and the addresses become another buffer's.</summary>
    private static void InItsPlace(SvmSession svm)
    {
        Check.Equal(Errno.None, svm.TryMapBuffer(Far, Bytes, Protection.ReadWrite, out MappedBuffer mapped), "mapping");
        using var old = new SvmBuffer<int>(svm, mapped, Pages * 1024);
        RawCalls.Unmap(old.Address, Bytes);
        Check.Equal(Errno.None, svm.TryMap(old.Address, Bytes, Protection.ReadWrite, out VirtualAddress start), "mapping");
        Check.Equal(old.Address, start, "the place");
        Fill(svm, start);
        old.Dispose();
        Check.Equal(100, svm.Word(start, 0), "another buffer in the place of one that is disposed of");
        Check.That(Throws<ArgumentException>(() => svm.Unmap(start + 1, Page.Size)), "An address that is not aligned is refused.");
        Check.Equal(101, svm.Word(start, 1), "the buffer after that");
        svm.Unmap(start, Bytes);
        Check.That(Throws<ArgumentException>(() => svm.Unmap(start, Bytes)), "Memory is unmapped once.");
    }

    private static void Fill(SvmSession svm, VirtualAddress start)
    {
        for (int page = 0; page < Pages; page++)
        {
            svm.Word(start, page) = 100 + page;
        }
    }

    private static bool Throws<TException>(Action action)
        where TException : Exception
    {
        try
        {
            action();
            return false;
        }
        catch (TException)
        {
            return true;
        }
    }
}
