namespace GpuSvm.Gpu.Tests;

/// <summary>A cancel names a fault, and hits its channel only while the access that reported it waits.</summary>
public sealed class CancelFaultTests
{
    [ThreadStatic]
    private static Action? t_between;

    private static readonly GpuFaultReport Report = new(TestRig.Base, FaultAccess.Read, "because", Errno.EFAULT);

    [Fact]
    public void The_first_of_several_cancelled_faults_that_wait_ends_the_launch()
    {
        using var rig = new TestRig();
        OnFaults(rig, faults =>
        {
            Assert.Equal(3, faults.Length);
            rig.Gpu.CancelFault(faults[0], Report);
            rig.Gpu.CancelFault(faults[1], Report with { Reason = "second" });
        });

        LaunchResult result = rig.Launch(Kernels.LoadOne, 1, 3, TestRig.Base);

        Assert.Equal(Report, result.Fault);
        Assert.Equal((2, 0), (rig.Gpu.Counters.Cancels, rig.Gpu.Counters.StaleCancels));
    }

    [Fact]
    public void An_access_that_has_reported_itself_again_is_not_hit_by_its_old_entry()
    {
        using var rig = new TestRig();
        FaultEntry? first = null;
        OnFaults(rig, faults =>
        {
            if (first is { } old)
            {
                Assert.True(faults[0].Timestamp > old.Timestamp);
                rig.Gpu.CancelFault(old, Report);
                rig.Map(1);
            }

            first = faults[0];
            rig.Gpu.Replay();
        });

        rig.Launch(Kernels.LoadOne, 1, 1, TestRig.Base).ThrowIfFailed();

        Assert.Equal((1, 1, 2), (rig.Gpu.Counters.Cancels, rig.Gpu.Counters.StaleCancels, rig.Gpu.Counters.FaultsReported));
    }

    [Fact]
    public void A_fault_of_another_address_access_or_multiprocessor_hits_nobody()
    {
        using var rig = new TestRig(new SoftwareGpuOptions { Sms = 2 });
        OnFaults(rig, faults =>
        {
            rig.Gpu.CancelFault(faults[0] with { Address = TestRig.Base + 1 }, Report);
            rig.Gpu.CancelFault(faults[0] with { Access = FaultAccess.Write }, Report);
            rig.Gpu.CancelFault(faults[0] with { Client = (byte)(1 - faults[0].Client) }, Report);
            rig.Gpu.CancelFault(faults[0] with { Client = 2 }, Report);
            rig.Map(1);
            rig.Gpu.Replay();
        });

        rig.Launch(Kernels.LoadOne, 1, 1, TestRig.Base).ThrowIfFailed();

        Assert.Equal((4, 4), (rig.Gpu.Counters.Cancels, rig.Gpu.Counters.StaleCancels));
    }

    [Fact]
    public void A_fault_of_a_launch_that_has_ended_does_not_hit_the_next_one()
    {
        using var rig = new TestRig();
        FaultEntry? ended = null;
        OnFaults(rig, faults =>
        {
            if (ended is { } old)
            {
                rig.Gpu.CancelFault(old, Report);
                rig.Map(1);
                rig.Gpu.Replay();
            }
            else
            {
                ended = faults[0];
                rig.Gpu.Cancel(TestRig.Channel, Report);
            }
        });

        Assert.Equal(Report, rig.Launch(Kernels.LoadOne, 1, 1, TestRig.Base).Fault);
        rig.Gpu.CancelFault(ended!.Value, Report);
        rig.Launch(Kernels.LoadOne, 1, 1, TestRig.Base).ThrowIfFailed();

        Assert.Equal((3, 2), (rig.Gpu.Counters.Cancels, rig.Gpu.Counters.StaleCancels));
    }

    [Fact]
    public void A_cancel_of_a_unit_ends_the_launch_if_anything_of_the_channel_waits_there()
    {
        using var rig = new TestRig();
        CancelTarget? target = null;
        OnFaults(rig, faults =>
        {
            target = CancelTarget.Of(faults[0]);
            rig.Gpu.CancelUnit(target.Value, Report);
        });

        LaunchResult result = rig.Launch(Kernels.LoadOne, 1, 3, TestRig.Base);

        Assert.Equal(new CancelTarget(TestRig.Channel, IsHub: false, Gpc: 0, Client: 0), target);
        Assert.Equal(Report, result.Fault);
        Assert.Equal((1, 0), (rig.Gpu.Counters.Cancels, rig.Gpu.Counters.StaleCancels));
    }

    [Fact]
    public void A_cancel_of_a_unit_where_the_channel_waits_for_nothing_hits_nobody()
    {
        using var rig = new TestRig(new SoftwareGpuOptions { Sms = 9 });
        OnFaults(rig, faults =>
        {
            CancelTarget target = CancelTarget.Of(faults[0]);
            rig.Gpu.CancelUnit(target with { Client = 8, Gpc = 1 }, Report);
            rig.Gpu.CancelUnit(target with { IsHub = true }, Report);
            rig.Gpu.CancelUnit(target with { Gpc = 1 }, Report);
            rig.Gpu.CancelUnit(target with { Client = 9, Gpc = 1 }, Report);
            rig.Gpu.CancelUnit(target with { Instance = new InstancePointer(0x5000) }, Report);
            rig.Map(1);
            rig.Gpu.Replay();
        });

        rig.Launch(Kernels.LoadOne, 1, 1, TestRig.Base).ThrowIfFailed();

        Assert.Equal((5, 5), (rig.Gpu.Counters.Cancels, rig.Gpu.Counters.StaleCancels));
    }

    [Fact]
    public void A_cancel_of_a_unit_that_came_when_nothing_waited_there_hits_no_later_fault()
    {
        using var rig = new TestRig();
        rig.Back(2);
        t_between = () => rig.Gpu.CancelUnit(new CancelTarget(TestRig.Channel, false, 0, 0), Report);

        rig.Launch(LoadTwo, 1, 1, TestRig.Base).ThrowIfFailed();

        Assert.Equal((1, 1, 2), (rig.Gpu.Counters.Cancels, rig.Gpu.Counters.StaleCancels, rig.Faults.Count));
    }

    private static async GpuTask LoadTwo(GpuThread t, ulong address)
    {
        _ = await t.Load<byte>(address);
        t_between!();
        _ = await t.Load<byte>(address + Page.Size);
    }

    private static void OnFaults(TestRig rig, Action<FaultEntry[]> serve) => rig.Gpu.SetFaultInterrupt(() => serve(Take(rig)));

    private static FaultEntry[] Take(TestRig rig)
    {
        IFaultBuffer buffer = rig.Gpu.FaultBuffer;
        var entries = new List<FaultEntry>();
        for (int get = buffer.Get; get != buffer.Put; get = get + 1 == buffer.EntryCount ? 0 : get + 1)
        {
            Assert.True(buffer.TryRead(get, out FaultEntry entry));
            buffer.MarkInvalid(get);
            entries.Add(entry);
        }

        buffer.WriteGet(buffer.Put);
        return [.. entries];
    }
}
