using System.Globalization;

namespace GpuSvm.Scenarios;

/// <summary>A process that may fork, with very little memory and without any device. Its pages move from frame to frame.</summary>
internal sealed class ProcessMachine : IDisposable
{
    /// <summary>Number of pages that are mapped.</summary>
    public const int PageCount = 2;

    /// <summary>What the parent has stored in the first word of each page.</summary>
    public const ulong Mark = 0x1234;

    private const ulong Address = 0x40_0000;
    private const ulong MovedAddress = 0x80_0000;
    private readonly SystemMemory _memory = new(16);
    private readonly List<RaceProcess> _processes = [];
    private bool _isShared;

    /// <summary>Makes a machine with one process whose pages hold the mark, and watches it.</summary>
    /// <param name="run">The schedule.</param>
    /// <param name="patience">How long every thread may wait for nothing but a deadline.</param>
    public ProcessMachine(ScheduleRun run, TimeSpan patience)
    {
        Frames = new PageFrames(_memory, new PageFramesOptions());
        var cpu = new SimulatedCpu(_memory, 2);
        Parent = new RaceProcess(new AddressSpace(Frames, cpu, new AddressSpaceOptions()), cpu);
        _processes.Add(Parent);
        Errno error = Parent.Mm.Map(Address, PageCount * Page.Size, Protection.ReadWrite, MapPlacement.Fixed, out _);
        Demand(error == Errno.None, $"Pages can be mapped: {error}.");
        for (int page = 0; page < PageCount; page++)
        {
            Parent.Thread(0).Store(WordAt(page, 0), Mark);
        }

        run.DemandProgress(patience);
        run.Invariant(CheckEntries);
    }

    public PageFrames Frames { get; }

    public RaceProcess Parent { get; }

    /// <summary>Address of a word of a page.</summary>
    public static VirtualAddress WordAt(int page, int word) => Address + ((ulong)page * Page.Size) + (8 * (ulong)word);

    /// <summary>Address of a word of the first page when it has been remapped.</summary>
    public static VirtualAddress MovedWordAt(int word) => MovedAddress + (8 * (ulong)word);

    /// <summary>Fails the schedule unless the condition holds.</summary>
    public static void Demand(bool holds, string sentence) => SmallMachine.Demand(holds, sentence);

    /// <summary>Fails the schedule unless a load has found what must be there.</summary>
    public static void DemandWord(string sentence, ulong found, ulong expected) =>
        Demand(found == expected, string.Create(CultureInfo.InvariantCulture, $"{sentence}: 0x{found:x}, not 0x{expected:x}."));

    /// <summary>Counts a word up by loads and stores, which nobody else stores to.</summary>
    public static void Count(CpuThread cpu, VirtualAddress word, ulong times)
    {
        for (ulong i = 0; i < times; i++)
        {
            DemandWord("No store is lost", cpu.Load<ulong>(word), i);
            cpu.Store(word, i + 1);
        }
    }

    /// <summary>Stores 1 and 2 into a word, which nobody else stores to, and loads what was stored.</summary>
    public static void StoreTwice(CpuThread cpu, VirtualAddress word)
    {
        for (ulong i = 1; i <= 2; i++)
        {
            cpu.Store(word, i);
            DemandWord("No store is lost", cpu.Load<ulong>(word), i);
        }
    }

    /// <summary>Forks the parent.</summary>
    public RaceProcess Fork()
    {
        var cpu = new SimulatedCpu(_memory, 1);
        Errno error = Parent.Mm.TryFork(cpu, null, out AddressSpace? space);
        Demand(error == Errno.None, $"A process can fork: {error}.");
        var child = new RaceProcess(space!, cpu);
        _processes.Add(child);
        return child;
    }

    /// <summary>Moves a page of a process to another frame, if that can be done now.</summary>
    /// <returns>True if it has moved.</returns>
    public bool Migrate(RaceProcess process, VirtualAddress page)
    {
        var migration = new MigrateVma(process.Mm, 1);
        using (process.Mm.MmapLock.EnterShared())
        {
            Errno error = migration.Setup(AddressRange.PageAt(page), null);
            Demand(error is Errno.None or Errno.EINVAL, $"A page can be asked for, unless it is not mapped any more: {error}.");
            if (error != Errno.None)
            {
                return false;
            }
        }

        MigratePfn source = migration.Source[0];
        if (source.Migrates && Frames.TryAllocate(out FrameNumber frame) == Errno.None)
        {
            if (source.IsValid)
            {
                Frames.Copy(source.Frame, frame);
            }

            migration.Destination[0] = MigratePfn.Of(frame);
        }

        migration.MigratePages();
        return migration.Complete() == 1;
    }

    /// <summary>Moves the first page of the parent to another address.</summary>
    /// <param name="flags">What becomes of the old mapping.</param>
    public void Remap(RemapFlags flags)
    {
        Errno error = Parent.Mm.Remap(
            WordAt(0, 0), Page.Size, Page.Size, flags | RemapFlags.MayMove | RemapFlags.Fixed, MovedWordAt(0), out _);
        Demand(error == Errno.None, $"A page can be remapped: {error}.");
    }

    /// <summary>Maps a page for the parent, which nobody has touched, where <see cref="Remap"/> would move one.</summary>
    public void MapUntouched()
    {
        Errno error = Parent.Mm.Map(MovedWordAt(0), Page.Size, Protection.ReadWrite, MapPlacement.Fixed, out _);
        Demand(error == Errno.None, $"A page can be mapped: {error}.");
    }

    /// <summary>Maps a page there that forked children share.</summary>
    public void MapShared()
    {
        Errno error = Parent.Mm.MapShared(MovedWordAt(0), Page.Size, Protection.ReadWrite, MapPlacement.Fixed, out _);
        Demand(error == Errno.None, $"A page can be mapped: {error}.");
        _isShared = true;
    }

    /// <summary>Says what is looked at in the end, before the machine is taken down.</summary>
    public void EndWith(ScheduleRun run, Action check)
    {
        run.AtEnd(check);
        run.AtEnd(TakeDown);
        run.AtEnd(Dispose);
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        Frames.Dispose();
        _memory.Dispose();
    }

    /// <summary>Each entry names a frame that is in use, and that is locked while its page is being moved.</summary>
    private void CheckEntries()
    {
        foreach (CpuPte entry in Entries())
        {
            Demand(Frames.ReferenceCount(entry.Frame) > 0, "An entry names no frame that is free.");
            Demand(!entry.IsMigration || Frames.IsLocked(entry.Frame), "A page that is being moved is locked.");
        }
    }

    /// <summary>Looks whether the books are right, ends the processes, and looks whether anything is left.</summary>
    private void TakeDown()
    {
        FrameNumber[] named = [.. Entries().Select(entry => entry.Frame)];
        FrameNumber? cached = _isShared ? Parent.Mm.PageTable.Read(MovedWordAt(0)).Frame : null;
        for (ulong i = 0; i < _memory.FrameCount; i++)
        {
            var frame = new FrameNumber(i);
            int entries = named.Count(one => one == frame);
            (int References, int Maps, bool IsLocked) books =
                (Frames.ReferenceCount(frame), Frames.MapCount(frame), Frames.IsLocked(frame));
            Demand(
                frame == Frames.ZeroFrame || books == (entries + (frame == cached ? 1 : 0), entries, false),
                $"A frame at rest has a reference for each of its {entries} entries and that of its object, and no lock: {books}.");
        }

        _processes.ForEach(process => process.Mm.Dispose());
        Demand(Frames.AllocatedFrames == 0, $"{Frames.AllocatedFrames} frames are left at the end.");
    }

    /// <summary>All entries that name a frame but the zero page.</summary>
    private IEnumerable<CpuPte> Entries() =>
        from process in _processes
        from page in new[] { WordAt(0, 0), WordAt(1, 0), MovedWordAt(0) }
        let entry = process.Mm.PageTable.Read(page)
        where entry.NamesFrame && entry.Frame != Frames.ZeroFrame
        select entry;
}
