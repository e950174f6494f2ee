using GpuSvm.Core;
using GpuSvm.Live.Programs.Changes;
using GpuSvm.Live.Programs.Infrastructure;

namespace GpuSvm.Live.Programs.Adopted;

/// <summary>Adopted memory that becomes the program's own again, or cannot yet: <c>adopted-returns NAME</c>.</summary>
internal sealed class AdoptedReturns : ILiveProgram
{
    private const int Pages = 8;

    /// <summary>More than the session's system memory holds.</summary>
    private const int Many = 128;

    /// <summary>Fewer than that.</summary>
    private const int Few = 32;

    private static readonly IReadOnlyDictionary<string, Func<Task>> Scenarios = new Dictionary<string, Func<Task>>
    {
        ["older-first"] = OlderFirstAsync,
        ["older-at-the-end"] = OlderAtTheEndAsync,
        ["no-room"] = NoRoomAsync,
        ["no-room-at-the-end"] = NoRoomAtTheEndAsync,
        ["room-by-buffers"] = RoomByBuffersAsync,
    };

    /// <inheritdoc/>
    public string Name => "adopted-returns";

    /// <inheritdoc/>
    public Task RunAsync(string[] args, TextWriter output) => args is ["killed"] ? KilledAsync(output) : Scenarios[args[0]]();

    /// <summary>Kills itself while its memory is on the GPU.</summary>
    private static async Task KilledAsync(TextWriter output)
    {
        SvmSession svm = await SvmSession.OpenAsync(EngineFixture.Moving(ExecutionMode.Parallel));
        RawCalls.MapPrivate(Changing.Far, Pages * Page.Size, 1);
        _ = svm.Adopt(Changing.Far, Pages * Page.Size);
        (await svm.AddAsync(Changing.Far, Pages, 1)).ThrowIfFailed();
        await svm.TellAsync(output);
        RawCalls.Signal(Environment.ProcessId, RawCalls.SignalKill);
    }

    /// <summary>What was adopted there before goes; what is there by now stays, on the GPU.</summary>
    private static async Task OlderFirstAsync()
    {
        await using SvmSession svm = await SvmSession.OpenAsync(EngineFixture.Moving(ExecutionMode.Parallel));
        AdoptedMemory older = await AdoptTwiceAsync(svm);
        older.Dispose();
        Check.That(!PagemapEntry.Of(Changing.Far).IsPresent, "The newer memory is still on the GPU.");
        Expect(Pages, page => 100 + page, "after the older memory was given back");
        (await svm.AddAsync(Changing.Far, Pages, 1)).ThrowIfFailed();
        Expect(Pages, page => 101 + page, "of the newer memory, which is still adopted");
    }

    private static async Task OlderAtTheEndAsync()
    {
        SvmSession svm = await SvmSession.OpenAsync(EngineFixture.Moving(ExecutionMode.Parallel));
        await AdoptTwiceAsync(svm);
        await svm.DisposeAsync();
        Expect(Pages, page => 100 + page, "after the session's end");
    }

    /// <summary>Of two regions one goes home and one cannot: the first is the program's own, and the other goes when it can.</summary>
    private static async Task NoRoomAsync()
    {
        await using SvmSession svm = await OpenSmallAsync();
        VirtualAddress large = Changing.Far + (Pages * Page.Size);
        RawCalls.MapPrivate(Changing.Far, Pages * Page.Size, 0);
        RawCalls.Replace(large, Many * Page.Size);
        AdoptedMemory first = svm.Adopt(Changing.Far, Pages * Page.Size);
        AdoptedMemory second = svm.Adopt(large, Many * Page.Size);
        AdoptedMemory both = svm.Adopt(Changing.Far, (Pages + Many) * Page.Size);
        first.Dispose();
        second.Dispose();
        (await svm.AddAsync(Changing.Far, Pages + Many, 100)).ThrowIfFailed();

        Check.Equal(Errno.ENOMEM, Refused(both.Dispose), "giving back what has no room");
        for (int page = 0; page < Pages; page++)
        {
            Word(page) = -page;
        }

        RawCalls.Unmap(large + (Few * Page.Size), (Many - Few) * Page.Size);
        both.Dispose();
        await svm.DemandFaultAsync(large, "memory that was given back");
        Expect(Pages + Few, page => page < Pages ? -page : 100, "in the end");
    }

    /// <summary>A session whose memory has no room at home does not end; it does when there is room.</summary>
    private static async Task NoRoomAtTheEndAsync()
    {
        SvmSession svm = await OpenSmallAsync();
        RawCalls.Replace(Changing.Far, Many * Page.Size);
        _ = svm.Adopt(Changing.Far, Many * Page.Size);
        (await svm.AddAsync(Changing.Far, Many, 100)).ThrowIfFailed();
        Check.Equal(Errno.ENOMEM, Refused(() => svm.DisposeAsync().AsTask().GetAwaiter().GetResult()), "end of a session");
        RawCalls.Unmap(Changing.Far + (Few * Page.Size), (Many - Few) * Page.Size);
        Expect(Few, _ => 100, "after the end that was refused");
        await svm.DisposeAsync();
        Expect(Few, _ => 100, "after the session's end");
    }

    /// <summary>What lacks room finds it where the session's buffers, or other adopted memory, were.</summary>
    private static async Task RoomByBuffersAsync()
    {
        SvmSession svm = await OpenSmallAsync();
        RawCalls.Replace(Changing.Far, 2 * Few * Page.Size);
        _ = svm.Adopt(Changing.Far, Few * Page.Size);
        (await svm.AddAsync(Changing.Far, Few, 100)).ThrowIfFailed();
        VirtualAddress other = Changing.Far + (Few * Page.Size);
        Fill(other, Few / 2);
        _ = svm.Adopt(other, Few * Page.Size);
        VirtualAddress buffer = svm.Map((Few + 8) * Page.Size, Protection.ReadWrite);
        Fill(buffer, Few + 8);
        await svm.DisposeAsync();
        Expect(Few, _ => 100, "after the session's end");
    }

    private static async Task<AdoptedMemory> AdoptTwiceAsync(SvmSession svm)
    {
        RawCalls.MapPrivate(Changing.Far, Pages * Page.Size, 1);
        AdoptedMemory older = svm.Adopt(Changing.Far, Pages * Page.Size);
        (await svm.AddAsync(Changing.Far, Pages, 1)).ThrowIfFailed();
        RawCalls.Unmap(Changing.Far, Pages * Page.Size);
        RawCalls.MapPrivate(Changing.Far, Pages * Page.Size, 0);
        for (int page = 0; page < Pages; page++)
        {
            Word(page) = page;
        }

        _ = svm.Adopt(Changing.Far, Pages * Page.Size);
        (await svm.AddAsync(Changing.Far, Pages, 100)).ThrowIfFailed();
        return older;
    }

    private static Task<SvmSession> OpenSmallAsync() => SvmSession.OpenAsync(new SvmOptions
    {
        SystemMemory = 2 * Few * Page.Size,
        VideoMemory = ByteSize.MiB(64),
        Ranges = new SvmRangeOptions { Placement = SvmResidency.Device },
    });

    private static Errno Refused(Action action)
    {
        try
        {
            action();
            return Errno.None;
        }
        catch (SvmException refused)
        {
            return refused.Error;
        }
    }

    private static void Expect(int pages, Func<int, int> word, string when)
    {
        for (int page = 0; page < pages; page++)
        {
            Check.Equal(word(page), Word(page), $"word of page {page} {when}");
        }
    }

    private static unsafe void Fill(VirtualAddress start, int pages)
    {
        for (int page = 0; page < pages; page++)
        {
            *(int*)(start.Value + ((ulong)page * Page.Size)) = 1;
        }
    }

    private static unsafe ref int Word(int page) => ref *(int*)(Changing.Far + ((ulong)page * Page.Size));
}
