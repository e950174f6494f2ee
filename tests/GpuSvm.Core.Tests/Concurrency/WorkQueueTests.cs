namespace GpuSvm.Core.Tests.Concurrency;

public class WorkQueueTests
{
    private static Deadline Soon => Clock.Monotonic.After(TimeSpan.FromSeconds(10));

    [Fact]
    public void Items_run_in_the_order_they_were_queued()
    {
        using var queue = new WorkQueue("queue");
        var order = new List<int>();
        foreach (int i in Enumerable.Range(0, 100))
        {
            Assert.True(queue.Enqueue(new WorkItem(() => order.Add(i))));
        }

        Assert.True(queue.Flush(Soon));
        Assert.Equal(Enumerable.Range(0, 100), order);
    }

    [Fact]
    public void An_item_that_waits_is_not_queued_twice_and_one_that_runs_is_queued_again()
    {
        using var queue = new WorkQueue("queue");
        var started = new WakeEvent();
        var go = new WakeEvent();
        int runs = 0;
        var item = new WorkItem(() =>
        {
            runs++;
            started.Set();
            Assert.True(go.Wait(Soon));
        });
        Assert.True(queue.Enqueue(item));
        Assert.True(started.Wait(Soon));

        Assert.True(queue.Enqueue(item));
        Assert.False(queue.Enqueue(item));
        Assert.False(queue.Enqueue(item));
        go.Set();
        Assert.True(started.Wait(Soon));
        go.Set();
        Assert.True(queue.Flush(Soon));
        Assert.Equal(2, runs);
    }

    [Fact]
    public void A_flush_waits_for_the_item_that_runs_and_ends_at_its_deadline()
    {
        using var queue = new WorkQueue("queue");
        var go = new WakeEvent();
        bool done = false;
        queue.Enqueue(new WorkItem(() =>
        {
            Assert.True(go.Wait(Soon));
            done = true;
        }));

        Assert.False(queue.Flush(Clock.Monotonic.After(TimeSpan.FromMilliseconds(5))));
        Assert.False(Volatile.Read(ref done));
        go.Set();
        Assert.True(queue.Flush(Soon));
        Assert.True(done);
    }

    [Fact]
    public void A_flush_of_an_empty_queue_returns_at_once()
    {
        using var queue = new WorkQueue("queue");
        Assert.True(queue.Flush(default));
    }

    [Fact]
    public void Dispose_runs_what_is_queued_and_then_refuses_more()
    {
        var queue = new WorkQueue("queue");
        int runs = 0;
        for (int i = 0; i < 50; i++)
        {
            queue.Enqueue(new WorkItem(() => runs++));
        }

        queue.Dispose();
        queue.Dispose();
        Assert.Equal(50, runs);
        Assert.Throws<ObjectDisposedException>(() => queue.Enqueue(new WorkItem(() => runs++)));
    }

    [Fact]
    public void An_item_that_throws_stops_no_other_and_is_not_lost()
    {
        var queue = new WorkQueue("queue");
        int runs = 0;
        queue.Enqueue(new WorkItem(() => throw new InvalidOperationException("first")));
        queue.Enqueue(new WorkItem(() => runs++));
        queue.Enqueue(new WorkItem(() => throw new InvalidOperationException("second")));
        queue.Enqueue(new WorkItem(() => runs++));

        Assert.True(queue.Flush(Soon));
        Assert.Equal(2, runs);
        var failure = Assert.Throws<AggregateException>(queue.Dispose);
        Assert.StartsWith("2 work items", failure.Message, StringComparison.Ordinal);
        Assert.Equal("first", failure.InnerException?.Message);
    }

    [Fact]
    public void An_item_that_ends_with_a_lock_or_waits_for_its_own_queue_is_caught()
    {
        var guard = new RankedLock(LockRank.Page);
        var leaking = new WorkQueue("leaking");
        leaking.Enqueue(new WorkItem(guard.Acquire));
        Assert.IsType<InvariantException>(Assert.Throws<AggregateException>(leaking.Dispose).InnerException);

        var waiting = new WorkQueue("waiting");
        waiting.Enqueue(new WorkItem(() => waiting.Flush(Soon)));
        waiting.Enqueue(new WorkItem(waiting.Dispose));
        var failure = Assert.Throws<AggregateException>(waiting.Dispose);
        Assert.StartsWith("2 work items", failure.Message, StringComparison.Ordinal);
        Assert.IsType<InvariantException>(failure.InnerException);
    }

    [Fact]
    public void Many_threads_queue_and_nothing_is_lost()
    {
        const int Threads = 4;
        const int Items = 500;
        int runs = 0;
        using (var queue = new WorkQueue("queue"))
        {
            SvmThread[] threads = Enumerable.Range(0, Threads).Select(t => SvmThread.Start($"producer {t}", () =>
            {
                for (int i = 0; i < Items; i++)
                {
                    queue.Enqueue(new WorkItem(() => runs++));
                }

                Assert.True(queue.Flush(Soon));
            })).ToArray();
            Array.ForEach(threads, thread => thread.Join());
        }

        Assert.Equal(Threads * Items, runs);
    }

    [Fact]
    public void Who_cannot_know_whether_the_queue_ends_is_told_so_by_false()
    {
        var ran = 0;
        var queue = new WorkQueue("test");
        var item = new WorkItem(() => ran++);
        Assert.True(queue.TryEnqueue(item));
        queue.Dispose();

        Assert.False(queue.TryEnqueue(item));
        Assert.Throws<ObjectDisposedException>(() => queue.Enqueue(item));
        Assert.Equal(1, ran);
    }
}
