namespace GpuSvm.Mm.Tests;

/// <summary>The caller's part of a migration.</summary>
internal static class MigrationSteps
{
    /// <summary>Sets up under the mmap lock, which is released again.</summary>
    public static Errno SetUp(
        this MigrateVma migration,
        AddressSpace mm,
        ulong address,
        ulong pages,
        object? owner = null,
        MigrateSelect select = MigrateSelect.System)
    {
        using (mm.MmapLock.EnterShared())
        {
            return migration.Setup(AddressRange.FromLength(address, pages * Page.Size), owner, select);
        }
    }

    /// <summary>Gives each page that moves a frame with its bytes, while there are frames.</summary>
    public static void Copy(this MigrateVma migration, PageFrames frames)
    {
        for (int i = 0; i < migration.Source.Length; i++)
        {
            if (migration.Source[i].Migrates && migration.Source[i].IsValid && frames.TryAllocate(out FrameNumber frame) == Errno.None)
            {
                frames.Copy(migration.Source[i].Frame, frame);
                migration.Destination[i] = MigratePfn.Of(frame);
            }
        }
    }

    /// <summary>All steps at once.</summary>
    /// <returns>The error of the first step, or the number of pages that have moved.</returns>
    public static (Errno Error, int Moved) Migrate(this TestMachine machine, ulong address, ulong pages)
    {
        var migration = new MigrateVma(machine.Mm, (int)pages);
        Errno error = migration.SetUp(machine.Mm, address, pages);
        if (error != Errno.None)
        {
            return (error, 0);
        }

        migration.Copy(machine.Frames);
        migration.MigratePages();
        return (Errno.None, migration.Complete());
    }

    /// <summary>Does something on another thread, as long as this one holds page locks.</summary>
    public static void Beside(Action action) => SvmThread.Start("beside", action).Join();
}
