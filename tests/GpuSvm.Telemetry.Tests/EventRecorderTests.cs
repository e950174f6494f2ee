namespace GpuSvm.Telemetry.Tests;

public sealed class EventRecorderTests
{
    [Fact]
    public void What_was_written_before_the_stop_is_kept_and_told_again()
    {
        var stream = new EventStream(1 << 16);
        using var recorder = new EventRecorder(stream, int.MaxValue);
        for (ulong i = 0; i < 40_000; i++)
        {
            stream.Write(EventStreamTests.Event(i));
        }

        RecordedEvents recorded = recorder.Stop();

        Assert.Equal(Enumerable.Range(0, 40_000).Select(i => (ulong)i), recorded.Events.Select(happened => happened.Id));
        Assert.Equal(0, recorded.Dropped);
        Assert.Equal(recorded, recorder.Stop());
    }

    [Fact]
    public void What_lies_beyond_its_bound_is_counted_with_what_the_stream_dropped()
    {
        var stream = new EventStream(8);
        for (ulong i = 0; i < 10; i++)
        {
            stream.Write(EventStreamTests.Event(i));
        }

        using var recorder = new EventRecorder(stream, 3);

        RecordedEvents recorded = recorder.Stop();

        Assert.Equal([0UL, 1, 2], recorded.Events.Select(happened => happened.Id));
        Assert.Equal(7, recorded.Dropped);
    }
}
