using GpuSvm.Core;
using GpuSvm.Live.Programs.Changes;
using GpuSvm.Live.Programs.Infrastructure;

namespace GpuSvm.Live.Programs.Adopted;

/// <summary>
/// Adopted pages that are on the GPU are discarded, unmapped and mapped anew: both sides see what the kernel would show. With <c>rights</c>
/// they get more rights, which no event tells; with <c>unreadable</c> none at all, which ends the engine and so the program.
/// </summary>
internal sealed class AdoptedChanges : ILiveProgram
{
    private const int Pages = 16;

    /// <inheritdoc/>
    public string Name => "adopted-changes";

    /// <inheritdoc/>
    public Task RunAsync(string[] args, TextWriter output) => args switch
    {
        ["rights"] => RightsAsync(),
        ["unreadable"] => UnreadableAsync(),
        _ => LossesAsync(),
    };

    private static async Task UnreadableAsync()
    {
        SvmSession svm = await SvmSession.OpenAsync(EngineFixture.Moving(ExecutionMode.Parallel));
        RawCalls.MapPrivate(Changing.Far, Page.Size, 1);
        _ = svm.Adopt(Changing.Far, Page.Size);
        RawCalls.Protect(Changing.Far, Page.Size, 0);
        try
        {
            await svm.AddAsync(Changing.Far, 1, 1);
            Check.That(false, "The kernel has ended.");
        }
        catch (SvmException)
        {
            // The engine has ended. The guard is about to see to this process, which does nothing more until then.
            await Console.In.ReadLineAsync(CancellationToken.None);
        }
    }

    private static async Task RightsAsync()
    {
        const int Few = 4;
        await using SvmSession svm = await SvmSession.OpenAsync(EngineFixture.Moving(ExecutionMode.Parallel));
        VirtualAddress start = Changing.Far;
        RawCalls.MapPrivate(start, Few * Page.Size, 0);
        RawCalls.Advise(start, Few * Page.Size, RawCalls.DontNeed);
        Word(start, 0) = 10;
        RawCalls.Protect(start, Few * Page.Size, RawCalls.ReadOnly);
        using AdoptedMemory adopted = svm.Adopt(start, Few * Page.Size);
        Check.Equal(LaunchStatus.Faulted, (await svm.AddAsync(start, 1, 1)).Status, "a kernel that stores to what may be read");
        Check.That(!PagemapEntry.Of(start).IsPresent, "It has read it, so the page is on the GPU.");
        Check.Equal(10, Word(start, 0), "a page that came home to be read");

        RawCalls.Protect(start, Few * Page.Size, RawCalls.ReadWrite);
        Word(start, 0) = 20;
        Word(start, 2) = 30;
        (await svm.AddAsync(start, Few, 1)).ThrowIfFailed();
        Check.Equal((21, 1, 31, 1), (Word(start, 0), Word(start, 1), Word(start, 2), Word(start, 3)), "words after both have stored");
    }

    private static async Task LossesAsync()
    {
        SvmSession svm = await SvmSession.OpenAsync(EngineFixture.Moving(ExecutionMode.Parallel));
        VirtualAddress start = Changing.Far;
        RawCalls.MapPrivate(start, Pages * Page.Size, 0);
        for (int page = 0; page < Pages; page++)
        {
            Word(start, page) = page;
        }

        AdoptedMemory adopted = svm.Adopt(start, Pages * Page.Size);
        (await svm.AddAsync(start, Pages, 100)).ThrowIfFailed();
        Check.That(!PagemapEntry.Of(start).IsPresent, "The first page is on the GPU.");

        // While they are on the GPU.
        RawCalls.Advise(start, 2 * Page.Size, RawCalls.DontNeed);
        Check.Equal(0, Word(start, 0), "a page that was discarded on the GPU, on the CPU");
        (await svm.AddAsync(start, 2, 7)).ThrowIfFailed();
        Check.Equal((7, 7), (Word(start, 0), Word(start, 1)), "pages that were discarded, after the GPU");

        // While they are at home.
        Check.Equal(103, Word(start, 3), "a page that comes home");
        RawCalls.Advise(start + (3 * Page.Size), Page.Size, RawCalls.DontNeed);
        Check.Equal(0, Word(start, 3), "a page that was discarded at home");

        // Unmapped, and something else there at once: that is no longer shared.
        RawCalls.Unmap(start + (8 * Page.Size), 4 * Page.Size);
        RawCalls.MapPrivate(start + (8 * Page.Size), Page.Size, 1);
        Word(start, 8) = 5;
        await svm.DemandFaultAsync(start + (8 * Page.Size), "new memory where adopted memory was");
        await svm.DemandFaultAsync(start + (11 * Page.Size), "adopted memory that was unmapped");
        Check.Equal(5, Word(start, 8), "new memory");
        (await svm.AddAsync(start + (12 * Page.Size), 4, 1)).ThrowIfFailed();
        adopted.Dispose();
        await svm.DemandFaultAsync(start, "memory that was given back");
        Check.Equal((7, 7, 102, 0, 104), (Word(start, 0), Word(start, 1), Word(start, 2), Word(start, 3), Word(start, 4)), "words in the end");
        Check.Equal((5, 113, 116), (Word(start, 8), Word(start, 12), Word(start, 15)), "words behind the gap in the end");
        await svm.DisposeAsync();
    }

    private static unsafe ref int Word(VirtualAddress start, int page) => ref *(int*)(start.Value + ((ulong)page * Page.Size));
}
