using GpuSvm.Core;
using GpuSvm.Live.Tests.Infrastructure;

namespace GpuSvm.Live.Tests.Engine;

/// <summary>What was read and not yet acted on.</summary>
public sealed class MessageQueueTests
{
    private const int DontNeed = 4;

    [LiveFact]
    public void A_page_is_not_entered_between_the_reading_of_its_discard_and_the_acting_on_it()
    {
        if (OwnProcess.Runs(this))
        {
            return;
        }

        using var memory = new RegisteredMemory(pages: 8);
        memory.Fill(3, 0x5A);
        memory.Fill(4, 0x5A);
        var queue = new MessageQueue(memory.Uffd);
        SvmThread discard = memory.Start(m => m.Advise(1, 3, DontNeed));
        PollSet.Wait([memory.Uffd.Descriptor], TimeSpan.FromSeconds(30), new bool[1]);
        queue.Read();
        discard.Join();

        Assert.Equal(Errno.EAGAIN, queue.Continue(memory.Pages(3), ContinueMode.ReadWrite, out ulong done));
        Assert.Equal(0UL, done);
        Assert.Equal(Errno.None, queue.Continue(memory.Pages(4), ContinueMode.ReadWrite, out _));
        Assert.True(queue.TryTake(Clock.Monotonic.After(Deadline.Default), out UffdMessage message));
        Assert.Equal(Errno.EAGAIN, queue.Continue(memory.Pages(2, 2), ContinueMode.ReadWrite, out _));

        queue.Finish(message);
        Assert.Equal(Errno.None, queue.Continue(memory.Pages(3), ContinueMode.ReadWrite, out done));
        Assert.Equal(Page.Size, done);
    }

    [LiveFact]
    public void All_is_acted_on_only_when_the_faults_that_were_given_away_are_served_too()
    {
        if (OwnProcess.Runs(this))
        {
            return;
        }

        using var memory = new RegisteredMemory(pages: 2);
        memory.Fill(1, 0x5A);
        var queue = new MessageQueue(memory.Uffd);
        SvmThread touch = memory.Load(1, new byte[1]);
        PollSet.Wait([memory.Uffd.Descriptor], TimeSpan.FromSeconds(30), new bool[1]);
        Assert.Equal(1, queue.ReadFaults(new UffdMessage[4]));
        Assert.False(queue.Drain(Clock.Monotonic.After(TimeSpan.Zero)));

        Assert.Equal(Errno.None, queue.Continue(memory.Pages(1), ContinueMode.ReadWrite, out _));
        queue.FinishFaults(1);
        Assert.True(queue.Drain(Clock.Monotonic.After(TimeSpan.Zero)));
        touch.Join();
    }
}
