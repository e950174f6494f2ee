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
}
