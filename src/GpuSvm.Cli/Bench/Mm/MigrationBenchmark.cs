using GpuSvm.Core;
using GpuSvm.Mm;

namespace GpuSvm.Cli.Bench.Mm;

/// <summary>What a migration of 512 pages of 4 KiB costs but for the copy: collected, given frames, entered again; per page.</summary>
internal sealed class MigrationBenchmark : MmBenchmark
{
    private const int Pages = 512;
    private readonly MigrateVma _migration;
    private readonly AddressRange _range;

    /// <summary>Writes to every page.</summary>
    public MigrationBenchmark()
        : base(frames: 4 * Pages)
    {
        _range = MapTouched(Pages);
        _migration = new MigrateVma(Space, Pages);
    }

    /// <inheritdoc/>
    public override string Name => "mm.migrate_4k";

    /// <inheritdoc/>
    protected override int Rounds => 500;

    /// <inheritdoc/>
    protected override int OperationsPerRound => Pages;

    /// <inheritdoc/>
    protected override void Run()
    {
        using (Space.MmapLock.EnterShared())
        {
            Require(_migration.Setup(_range, null));
        }

        for (int i = 0; i < Pages; i++)
        {
            Require(Frames.TryAllocate(out FrameNumber frame));
            _migration.Destination[i] = MigratePfn.Of(frame);
        }

        _migration.MigratePages();
        if (_migration.Complete() != Pages)
        {
            Require(Errno.EBUSY);
        }
    }
}
