using GpuSvm.Core;
using GpuSvm.Live.Tests.Infrastructure;

namespace GpuSvm.Live.Tests.Linux;

/// <summary>The kernel's userfaultfd by its wrapper: each call, and each answer that the engine counts on.</summary>
public sealed class UserfaultfdTests
{
    private const int DontNeed = 4;
    private const int Remove = 9;

    [LiveFact]
    public void A_load_of_a_page_that_the_file_has_is_a_minor_fault_and_continues_with_its_bytes()
    {
        if (OwnProcess.Runs(this))
        {
            return;
        }

        using var memory = new RegisteredMemory(pages: 8);
        memory.Fill(3, 0x5A);
        byte[] loaded = [0];
        SvmThread thread = memory.Load(3, loaded);

        UffdMessage message = memory.Next();
        Assert.Equal(UffdEvent.PageFault, message.Event);
        Assert.Equal(memory.PageStart(3), message.Address);
        Assert.True(message.IsMinor);
        Assert.False(message.IsWrite);
        Assert.False(message.IsWriteProtect);
        Assert.NotEqual(0U, message.ThreadId);
        Assert.NotEqual((uint)Environment.ProcessId, message.ThreadId);

        Assert.Equal(Errno.None, memory.Uffd.Continue(memory.Pages(3), ContinueMode.ReadWrite, out ulong done));
        Assert.Equal(Page.Size, done);
        thread.Join();
        Assert.Equal(0x5A, loaded[0]);
        Assert.Equal(0, memory.Uffd.Read(new UffdMessage[4]));
    }

    [LiveFact]
    public void A_store_to_a_hole_is_a_missing_fault_that_continues_once_the_file_has_the_page()
    {
        if (OwnProcess.Runs(this))
        {
            return;
        }

        using var memory = new RegisteredMemory(pages: 4);
        SvmThread thread = memory.Store(1, 0x77);

        UffdMessage message = memory.Next();
        Assert.Equal(UffdEvent.PageFault, message.Event);
        Assert.True(message.IsWrite);
        Assert.False(message.IsMinor);
        Assert.Equal(Errno.EFAULT, memory.Uffd.Continue(memory.Pages(1), ContinueMode.ReadWrite, out ulong done));
        Assert.Equal(0UL, done);

        memory.Fill(1, 0);
        Assert.Equal(Errno.None, memory.Uffd.Continue(memory.Pages(1), ContinueMode.ReadWrite, out _));
        thread.Join();
        Assert.Equal(0x77, memory.AliasByte(1));
    }

    [LiveFact]
    public void Continuing_a_mapped_page_says_that_it_exists_and_a_run_up_to_a_hole_says_how_far_it_came()
    {
        if (OwnProcess.Runs(this))
        {
            return;
        }

        using var memory = new RegisteredMemory(pages: 4);
        memory.Fill(0, 1);
        memory.Fill(1, 2);

        Assert.Equal(Errno.EAGAIN, memory.Uffd.Continue(memory.Pages(0, 4), ContinueMode.ReadWrite, out ulong done));
        Assert.Equal(2 * Page.Size, done);
        Assert.Equal(Errno.EEXIST, memory.Uffd.Continue(memory.Pages(1), ContinueMode.ReadWrite, out done));
        Assert.Equal(0UL, done);
    }

    [LiveFact]
    public void A_store_to_a_protected_page_faults_until_the_protection_is_lifted_which_wakes_it()
    {
        if (OwnProcess.Runs(this))
        {
            return;
        }

        using var memory = new RegisteredMemory(pages: 4);
        memory.Fill(0, 1);
        Assert.Equal(Errno.None, memory.Uffd.Continue(memory.Pages(0), ContinueMode.ReadWrite, out _));
        Assert.Equal(Errno.None, memory.Uffd.WriteProtect(memory.Pages(0)));
        SvmThread thread = memory.Store(0, 9);

        UffdMessage message = memory.Next();
        Assert.True(message.IsWrite);
        Assert.True(message.IsWriteProtect);
        Assert.Equal(1, memory.AliasByte(0));

        Assert.Equal(Errno.None, memory.Uffd.Unprotect(memory.Pages(0)));
        thread.Join();
        Assert.Equal(9, memory.AliasByte(0));
    }

    [LiveFact]
    public void A_page_that_is_continued_write_protected_can_be_loaded_but_not_stored_to()
    {
        if (OwnProcess.Runs(this))
        {
            return;
        }

        using var memory = new RegisteredMemory(pages: 4);
        memory.Fill(2, 6);
        Assert.Equal(Errno.None, memory.Uffd.Continue(memory.Pages(2), ContinueMode.WriteProtected, out _));
        byte[] loaded = [0];
        memory.Load(2, loaded).Join();
        Assert.Equal(6, loaded[0]);

        SvmThread thread = memory.Store(2, 7);
        Assert.True(memory.Next().IsWriteProtect);
        Assert.Equal(Errno.None, memory.Uffd.Unprotect(memory.Pages(2)));
        thread.Join();
        Assert.Equal(7, memory.AliasByte(2));
    }

    [LiveFact]
    public void A_woken_thread_that_finds_nothing_faults_again()
    {
        if (OwnProcess.Runs(this))
        {
            return;
        }

        using var memory = new RegisteredMemory(pages: 2);
        memory.Fill(0, 3);
        byte[] loaded = [0];
        SvmThread thread = memory.Load(0, loaded);
        Assert.Equal(memory.PageStart(0), memory.Next().Address);

        Assert.Equal(Errno.None, memory.Uffd.Wake(memory.Pages(0)));
        Assert.Equal(memory.PageStart(0), memory.Next().Address);

        Assert.Equal(Errno.None, memory.Uffd.Continue(memory.Pages(0), ContinueMode.ReadWrite, out _));
        thread.Join();
        Assert.Equal(3, loaded[0]);
    }

    [LiveFact]
    public void A_page_can_be_poisoned_only_where_none_is_mapped()
    {
        if (OwnProcess.Runs(this))
        {
            return;
        }

        using var memory = new RegisteredMemory(pages: 2);
        memory.Fill(0, 3);
        Assert.Equal(Errno.None, memory.Uffd.Continue(memory.Pages(0), ContinueMode.ReadWrite, out _));

        Assert.Equal(Errno.EEXIST, memory.Uffd.Poison(memory.Pages(0)));
        Assert.Equal(Errno.None, memory.Uffd.Poison(memory.Pages(1)));
        Assert.Equal(Errno.EEXIST, memory.Uffd.Poison(memory.Pages(1)));
    }

    [LiveFact]
    public void An_unmapping_is_told_and_until_it_is_read_nothing_can_be_mapped()
    {
        if (OwnProcess.Runs(this))
        {
            return;
        }

        using var memory = new RegisteredMemory(pages: 8);
        memory.Fill(0, 1);
        SvmThread thread = memory.Start(m => m.Unmap(4, 2));
        var readable = new bool[1];
        Assert.Equal(1, PollSet.Wait([memory.Uffd.Descriptor], TimeSpan.FromSeconds(30), readable));

        Assert.Equal(Errno.EAGAIN, memory.Uffd.Continue(memory.Pages(0), ContinueMode.ReadWrite, out ulong done));
        Assert.Equal(0UL, done);

        UffdMessage message = memory.Next();
        Assert.Equal(UffdEvent.Unmap, message.Event);
        Assert.Equal(memory.PageStart(4), message.Start);
        Assert.Equal(memory.PageStart(6), message.End);
        thread.Join();
        Assert.Equal(Errno.None, memory.Uffd.Continue(memory.Pages(0), ContinueMode.ReadWrite, out _));
    }

    [LiveFact]
    public void A_discard_is_told()
    {
        if (OwnProcess.Runs(this))
        {
            return;
        }

        using var memory = new RegisteredMemory(pages: 8);
        foreach (int advice in (int[])[DontNeed, Remove])
        {
            SvmThread thread = memory.Start(m => m.Advise(1, 3, advice));
            UffdMessage message = memory.Next();
            Assert.Equal(UffdEvent.Remove, message.Event);
            Assert.Equal(memory.PageStart(1), message.Start);
            Assert.Equal(memory.PageStart(4), message.End);
            thread.Join();
        }
    }

    [LiveFact]
    public void Memory_that_is_no_memory_file_cannot_be_registered()
    {
        if (OwnProcess.Runs(this))
        {
            return;
        }

        using var memory = new RegisteredMemory(pages: 1);
        using var own = new NativeReservation(Page.Size);

        Assert.Equal(Errno.EINVAL, memory.Uffd.Register(AddressRange.FromLength(AddressOf(own), Page.Size)));
    }

    [LiveFact]
    public void A_feature_that_no_kernel_has_is_refused_and_messages_need_the_handshake()
    {
        if (OwnProcess.Runs(this))
        {
            return;
        }

        Assert.Equal(Errno.None, Userfaultfd.TryOpen(out Userfaultfd? opened, out string? missing));
        Assert.Null(missing);
        using (opened)
        {
            SvmException refused = Assert.Throws<SvmException>(() => opened!.Read(new UffdMessage[1]));
            Assert.Equal(Errno.EINVAL, refused.Error);
            Assert.Equal(Errno.EINVAL, opened!.Enable((UffdFeatures)(1UL << 62), out _));
        }
    }

    [LiveFact]
    public unsafe void Faults_are_served_without_allocating()
    {
        if (OwnProcess.Runs(this))
        {
            return;
        }

        using var memory = new RegisteredMemory(pages: 64);
        var messages = new UffdMessage[4];
        for (int page = 0; page < 64; page++)
        {
            memory.Fill(page, 1);
        }

        Serve(memory, messages, 0, 32);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Serve(memory, messages, 32, 32);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Serve(RegisteredMemory memory, UffdMessage[] messages, int first, int count)
    {
        for (int page = first; page < first + count; page++)
        {
            Check(memory.Uffd.Read(messages) == 0);
            Check(memory.Uffd.Continue(memory.Pages(page), ContinueMode.ReadWrite, out _) == Errno.None);
            Check(memory.Uffd.WriteProtect(memory.Pages(page)) == Errno.None);
            Check(memory.Uffd.Unprotect(memory.Pages(page)) == Errno.None);
            Check(memory.Uffd.Wake(memory.Pages(page)) == Errno.None);
        }

        static void Check(bool ok) => Assert.True(ok);
    }

    private static unsafe ulong AddressOf(NativeReservation reservation) => (ulong)reservation.Base;
}
