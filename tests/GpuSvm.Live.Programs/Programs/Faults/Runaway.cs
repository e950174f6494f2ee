using System.Runtime.InteropServices;
using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;

namespace GpuSvm.Live.Programs.Faults;

/// <summary>A kernel that neither accesses memory nor ends: its launch fails, and the app keeps its memory and lives.</summary>
/// <remarks><c>runaway spins|sleeps sequential|parallel</c></remarks>
internal sealed class Runaway : ILiveProgram
{
    private const int Pages = 64;
    private const int Blocks = 2;
    private const int Block = 32;
    private const int FreshPages = 4_000;
    private const string Reason = "without an access, a pause or its end, in thread 3 of block 1";

    /// <inheritdoc/>
    public string Name => "runaway";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        GpuKernel<PageArgs> kernel = args[0] == "spins" ? RunawayKernels.Spins : RunawayKernels.Sleeps;
        SvmOptions options = EngineFixture.Moving(args[1] == "parallel" ? ExecutionMode.Parallel : ExecutionMode.Sequential) with
        {
            KernelLimit = TimeSpan.FromSeconds(1),
        };
        SvmSession svm = await SvmSession.OpenAsync(options);
        VirtualAddress stored = svm.Map(Pages * Page.Size, Protection.ReadWrite);
        VirtualAddress loaded = svm.Map(Page.Size, Protection.ReadWrite);
        VirtualAddress endless = svm.Map(Page.Size, Protection.ReadWrite);
        VirtualAddress flag = svm.Map(Page.Size, Protection.ReadWrite);
        VirtualAddress adopted = Adopted();
        AdoptedMemory? shared = svm.Features.Contains("EVENT_FORK") ? svm.Adopt(adopted, Pages * Page.Size) : null;
        SvmBuffer<int> fresh = svm.Allocate<int>(FreshPages * 1024L);
        svm.Word(loaded, 0) = 41;
        (await svm.AddAsync(loaded, 1, 1)).ThrowIfFailed();
        if (shared is not null)
        {
            (await svm.AddAsync(adopted, Pages, 1)).ThrowIfFailed();
        }

        Check.Equal(PagePlacement.DeviceMemory, (await svm.ResidencyAsync(loaded)).Placement, "a page that the GPU used");
        Task<LaunchResult>? other = options.Execution == ExecutionMode.Parallel ? svm.StartEndless(endless, 1, flag) : null;
        using var stop = new CancellationTokenSource();
        SvmThread toucher = SvmThread.Start("toucher", () => Touch(fresh, stop.Token));
        await DemandFailureAsync(svm.LaunchAsync(kernel, Blocks, Block, new PageArgs(stored, Pages, 7)));
        if (other is not null)
        {
            Check.Equal(LaunchStatus.Cancelled, (await other).Status, "another launch");
        }

        await DemandEndedAsync(() => svm.AddAsync(loaded, 1, 1));
        await DemandEndedAsync(() => svm.CountersAsync());
        await DemandEndedAsync(() => Task.FromResult(svm.Map(Page.Size, Protection.ReadWrite)));
        await stop.CancelAsync();
        toucher.Join();
        DemandMemory(svm, stored, loaded, fresh);
        if (shared is not null)
        {
            DemandAdopted(adopted);
            shared.Dispose();
        }

        fresh.Dispose();
        svm.Unmap(stored, Page.Size);
        await svm.DisposeAsync();
        Check.Equal(0, ProcessView.Children().Count, "children left");
        await using SvmSession next = await SvmSession.OpenAsync(new SvmOptions());
        VirtualAddress memory = next.Map(Page.Size, Protection.ReadWrite);
        (await next.AddAsync(memory, 1, 3)).ThrowIfFailed();
        Check.Equal(3, next.Word(memory, 0), "a word in the next session");
    }

    /// <summary>Pages of the C library's, each with its number plus 1 in its first word.</summary>
    private static unsafe VirtualAddress Adopted()
    {
        byte* first = (byte*)NativeMemory.AlignedAlloc((nuint)(Pages * Page.Size), (nuint)Page.Size);
        for (int page = 0; page < Pages; page++)
        {
            *(int*)(first + ((ulong)page * Page.Size)) = page + 1;
        }

        return (ulong)first;
    }

    private static unsafe void DemandAdopted(VirtualAddress first)
    {
        for (int page = 0; page < Pages; page++)
        {
            int* word = (int*)(first.Value + ((ulong)page * Page.Size));
            Check.Equal(page + 2, *word, $"adopted page {page} after the engine");
            *word = -page;
            Check.Equal(-page, *word, "a word that the CPU stored afterwards");
        }
    }

    private static async Task DemandFailureAsync(Task<LaunchResult> launch)
    {
        LaunchResult result = await launch;
        Check.Equal(LaunchStatus.Faulted, result.Status, "a launch of a kernel that does not end");
        Check.Equal(Errno.ETIMEDOUT, result.Fault!.Error, "its error");
        Check.That(result.Fault.Reason.Contains(Reason, StringComparison.Ordinal), $"'{result.Fault.Reason}' says where");
        Check.That(result.Fault.Reason.Contains(nameof(RunawayKernels), StringComparison.Ordinal), $"'{result.Fault.Reason}' names the kernel");
    }

    private static async Task DemandEndedAsync(Func<Task> call)
    {
        try
        {
            await call();
            Check.That(false, "a call to an engine that has ended");
        }
        catch (SvmException refused)
        {
            Check.Equal(Errno.ECANCELED, refused.Error, "error of a later call");
            Check.That(refused.Message.Contains("has ended", StringComparison.Ordinal), $"'{refused.Message}' says that the engine has ended");
            Check.That(refused.Message.Contains(Reason, StringComparison.Ordinal), $"'{refused.Message}' says why");
        }
    }

    /// <summary>Stores to pages that nobody has touched, before, while and after the memory is given back.</summary>
    private static void Touch(SvmBuffer<int> fresh, CancellationToken stop)
    {
        for (int page = 0; page < FreshPages; page++)
        {
            Span<int> words = fresh.Slice(page * 1024L, 1024);
            Check.Equal(0, words[1], $"a word of fresh page {page}");
            words[0] = page + 1;
            if (page % 2 == 0 && !stop.IsCancellationRequested)
            {
                Thread.Sleep(1);
            }
        }
    }

    private static void DemandMemory(SvmSession svm, VirtualAddress stored, VirtualAddress loaded, SvmBuffer<int> fresh)
    {
        Check.Equal(42, svm.Word(loaded, 0), "a word of CPU and GPU");
        for (int page = 0; page < Pages; page++)
        {
            // The culprit's warp may not have come to its store, and blocks run in any order.
            int word = svm.Word(stored, page);
            Check.That(word == 7 || (word == 0 && page != RunawayKernels.Culprit), $"page {page} of the GPU: {word}");
            svm.Word(stored, page) = -page;
            Check.Equal(-page, svm.Word(stored, page), "a word that the CPU stored afterwards");
        }

        for (int page = 0; page < FreshPages; page++)
        {
            Check.Equal(page + 1, fresh.Slice(page * 1024L, 1)[0], $"fresh page {page}");
        }
    }
}
