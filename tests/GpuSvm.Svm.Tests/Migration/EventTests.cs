using GpuSvm.Telemetry;

namespace GpuSvm.Svm.Tests.Migration;

/// <summary>What a device's memory tells a stream of events.</summary>
public sealed class EventTests
{
    [Fact]
    public void Each_way_in_or_out_is_told_with_its_cause_its_direction_and_the_pages_that_moved()
    {
        var events = new EventStream(64);
        using var machine = new TestMachine(options: new DeviceMemoryOptions { ReadAroundPages = 4, Events = events });
        machine.Map(16);
        machine.Write(0, 16);
        machine.ToDevice(0, 16);
        machine.Read(5);
        machine.Memory.Evict(machine.Memory.Allocations[0]);

        var told = new SvmEvent[64];
        told = told[..events.Drain(told)];

        Assert.Equal(
            [
                $"Begin {TestMachine.AddressOf(0)} 16 Requested ToDevice 0", $"End {TestMachine.AddressOf(0)} 0 None None 16",
                $"Begin {TestMachine.AddressOf(4)} 4 CpuFault ToSystem 0", $"End {TestMachine.AddressOf(4)} 0 None None 4",
                $"Begin {TestMachine.AddressOf(0)} 16 Eviction ToSystem 0", $"End {TestMachine.AddressOf(0)} 0 None None 12",
            ],
            told.Select(at => $"{at.Phase} {at.Address} {at.Bytes / Page.Size} {at.Cause} {at.Direction} {at.Count}"));
        Assert.All(told, at => Assert.Equal((EventKind.Migration, EventTrack.CurrentThread), (at.Kind, at.Track)));
    }
}
