using System.Runtime.InteropServices;
using GpuSvm.Core;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live.Tests;

/// <summary>A memory file that this process maps twice: a registered view and a plain alias.</summary>
/// <remarks>The view is touched by the C library only: a thread that waits there holds up no garbage collection.</remarks>
internal sealed unsafe partial class RegisteredMemory : IDisposable
{
    private const int ReadAndWrite = 3;
    private const int Shared = 1;
    private readonly SafeFileHandle _file;
    private readonly nuint _length;
    private readonly bool[] _isGone;

    public RegisteredMemory(int pages)
    {
        _length = (nuint)pages * (nuint)Page.Size;
        _isGone = new bool[pages];
        _file = MemoryFile.Create("gpusvm-test", _length);
        View = (ulong)Libc.Map(0, _length, ReadAndWrite, Shared, _file, 0);
        Alias = (byte*)Libc.Map(0, _length, ReadAndWrite, Shared, _file, 0);
        Assert.Equal(Errno.None, Userfaultfd.TryOpen(out Userfaultfd? opened, out _));
        Uffd = opened!;
        Assert.Equal(Errno.None, Uffd.Enable(LiveSupport.Required, out _));
        Assert.Equal(Errno.None, Uffd.Register(Pages(0, pages)));
    }

    public Userfaultfd Uffd { get; }

    public ulong View { get; }

    public byte* Alias { get; }

    public AddressRange Pages(int first, int count = 1) =>
        AddressRange.FromLength(View + ((ulong)first * Page.Size), (ulong)count * Page.Size);

    public ulong PageStart(int page) => View + ((ulong)page * Page.Size);

    public byte AliasByte(int page) => Alias[page * (int)Page.Size];

    public void Fill(int page, byte value) => new Span<byte>(Alias + (page * (int)Page.Size), (int)Page.Size).Fill(value);

    /// <summary>Starts a thread that copies the first byte of a page of the view to where <paramref name="loaded"/> says.</summary>
    public SvmThread Load(int page, byte[] loaded) => SvmThread.Start("load", () =>
    {
        fixed (byte* target = GC.AllocateUninitializedArray<byte>(1, pinned: true))
        {
            CopyMemory(target, (byte*)PageStart(page), 1);
            loaded[0] = *target;
        }
    });

    /// <summary>Starts a thread that stores a byte to a page of the view.</summary>
    public SvmThread Store(int page, byte value) => SvmThread.Start("store", () => SetMemory((byte*)PageStart(page), value, 1));

    public SvmThread Start(Func<RegisteredMemory, int> call) => SvmThread.Start("call", () => Assert.Equal(0, call(this)));

    /// <summary>Unmaps pages of the view. From then on somebody else of the process may have them.</summary>
    public int Unmap(int first, int count)
    {
        _isGone.AsSpan(first, count).Fill(true);
        return Libc.Unmap((nint)PageStart(first), (nuint)count * (nuint)Page.Size);
    }

    public int Advise(int first, int count, int advice) => Libc.Advise((nint)PageStart(first), (nuint)count * (nuint)Page.Size, advice);

    /// <summary>Waits for one message and reads it.</summary>
    public UffdMessage Next()
    {
        var readable = new bool[1];
        Assert.Equal(1, PollSet.Wait([Uffd.Descriptor], TimeSpan.FromSeconds(30), readable));
        var messages = new UffdMessage[4];
        Assert.Equal(1, Uffd.Read(messages));
        return messages[0];
    }

    public void Dispose()
    {
        // First: with the last descriptor the registration ends, and what is done to the view needs no reader.
        Uffd.Dispose();
        for (int page = 0; page < _isGone.Length; page++)
        {
            _ = _isGone[page] ? 0 : Unmap(page, 1);
        }

        _ = Libc.Unmap((nint)Alias, _length);
        _file.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "memcpy")]
    private static partial void* CopyMemory(byte* target, byte* source, nuint length);

    [LibraryImport("libc", EntryPoint = "memset")]
    private static partial void* SetMemory(byte* target, int value, nuint length);
}
