using GpuSvm.Core;
using GpuSvm.Mm;

namespace GpuSvm.Cli.Bench.Mm;

/// <summary>What a migration of 2 MiB costs but for the copy: collected, given frames, entered again; small pages, or one huge one.</summary>
/// <remarks>From a device's memory to other frames of it: these need no clearing, which would be counted.</remarks>
internal sealed class MigrationBenchmark : MmBenchmark, IDevicePagemapOwner
{
    private const int Pages = 512;
    private readonly bool _isHuge;
    private readonly MigrateVma _migration;
    private readonly AddressRange _range;
    private readonly DevicePagemap _device;
    private int _turn;

    private MigrationBenchmark(HugePagePolicy policy)
        : base(frames: 4 * Pages, new AddressSpaceOptions { HugePages = policy })
    {
        _isHuge = policy == HugePagePolicy.Always;
        _range = MapTouched(Pages);
        _migration = new MigrateVma(Space, Pages);
        Require(Frames.TryAddDevice(DevicePageKind.Private, 2 * Pages, this, this, out DevicePagemap? device));
        _device = device!;
        Move(MigrateSelect.System);
    }

    /// <inheritdoc/>
    public override string Name => _isHuge ? "mm.migrate_2m" : "mm.migrate_4k";

    /// <inheritdoc/>
    protected override int Rounds => 500;

    /// <inheritdoc/>
    protected override int OperationsPerRound => _isHuge ? 1 : Pages;

    /// <summary>Pages of 4 KiB.</summary>
    public static MigrationBenchmark Small() => new(HugePagePolicy.Never);

    /// <summary>A page of 2 MiB.</summary>
    public static MigrationBenchmark Huge() => new(HugePagePolicy.Always);

    /// <inheritdoc/>
    Errno IDevicePagemapOwner.MigrateToRam(in DeviceFault fault) => Errno.EFAULT;

    /// <inheritdoc/>
    void IDevicePagemapOwner.Freed(FrameNumber frame, int pages)
    {
    }

    /// <inheritdoc/>
    protected override void Run() => Move(MigrateSelect.DevicePrivate);

    private void Move(MigrateSelect select)
    {
        using (Space.MmapLock.EnterShared())
        {
            Require(_migration.Setup(_range, this, _isHuge ? select | MigrateSelect.Compound : select));
        }

        _turn ^= 1;
        FrameNumber first = _device.FirstFrame + (ulong)(_turn * Pages);
        Span<MigratePfn> destination = _migration.Destination;
        for (int i = 0; i < OperationsPerRound; i++)
        {
            destination[i] = _isHuge ? _device.BeginHuge(first) : _device.Begin(first + (ulong)i);
        }

        _migration.MigratePages();
        if (_migration.Complete() != (_isHuge ? 1 : Pages))
        {
            Require(Errno.EBUSY);
        }
    }
}
