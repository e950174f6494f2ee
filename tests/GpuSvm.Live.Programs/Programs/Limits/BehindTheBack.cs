using System.Runtime.InteropServices;
using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live.Programs.Limits;

/// <summary>The app gets at a buffer's file and changes it behind the session's back: its size is sealed; holes and stores have one outcome each.</summary>
internal sealed class BehindTheBack : ILiveProgram
{
    private const int PunchHole = 2;
    private const int KeepSize = 1;
    private const int AddSeals = 1033;
    private const int GetSeals = 1034;
    private const int SealSeal = 1;
    private const int SealWrite = 8;
    private const int AllSeals = 7;

    /// <inheritdoc/>
    public string Name => "behind-the-back";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        await using SvmSession svm = await SvmSession.OpenAsync(EngineFixture.Moving(ExecutionMode.Sequential));
        SvmBuffer<int> other = svm.Allocate<int>(1024);
        VirtualAddress start = svm.Map(8 * Page.Size, Protection.ReadWrite);
        other.Span.Fill(77);
        for (int page = 0; page < 4; page++)
        {
            svm.Word(start, page) = 100 + page;
        }

        using SafeFileHandle file = FileOf(start, 8 * Page.Size);
        Seals(file);
        await HolesAsync(svm, start, file);
        await StoresAsync(svm, start, file);
        Check.Equal(-1, other.Span.IndexOfAnyExcept(77), "a word of another buffer that has changed");
    }

    private static SafeFileHandle FileOf(VirtualAddress start, ulong bytes) => File.OpenHandle(
        $"/proc/self/map_files/{start.Value:x}-{start.Value + bytes:x}", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);

    /// <summary>Nobody changes the size, which would end others by SIGBUS; nobody adds a seal either.</summary>
    private static void Seals(SafeFileHandle file)
    {
        Check.Equal(AllSeals, Libc.Control(file, GetSeals, 0), "seals");
        foreach (nint size in (nint[])[0, 4096, 1 << 20])
        {
            Check.Equal((-1, Errno.EPERM), (Libc.Truncate(file, size), Libc.LastError), $"ftruncate to {size}");
        }

        foreach (int seal in (int[])[SealSeal, SealWrite])
        {
            Check.Equal((-1, Errno.EPERM), (Libc.Control(file, AddSeals, seal), Libc.LastError), $"seal {seal}");
        }
    }

    /// <summary>A hole that no event tells: a page in system memory reads as zero on both sides, one on the GPU stays.</summary>
    private static async Task HolesAsync(SvmSession svm, VirtualAddress start, SafeFileHandle file)
    {
        (await svm.AddAsync(start + (2 * Page.Size), 1, 1000)).ThrowIfFailed();
        Check.Equal(0, Native.Allocate(file, PunchHole | KeepSize, 0, (nint)(4 * Page.Size)), "fallocate");
        Check.Equal(0, svm.Word(start, 0), "a page with a hole, on the CPU");
        svm.Word(start, 0) = 5;
        (await svm.AddAsync(start, 2, 20)).ThrowIfFailed();
        Check.Equal((25, 20), (svm.Word(start, 0), svm.Word(start, 1)), "two pages with holes, after the GPU");
        Check.Equal(1102, svm.Word(start, 2), "a page that was on the GPU");
        Check.Equal(0, svm.Word(start, 3), "a page with a hole that the GPU has not touched");
    }

    /// <summary>A write to the file: to a page in system memory it is a store; to one that is not there it is lost.</summary>
    private static async Task StoresAsync(SvmSession svm, VirtualAddress start, SafeFileHandle file)
    {
        svm.Word(start, 4) = 1;
        Write(file, 4, 41);
        Check.Equal(41, svm.Word(start, 4), "a page in system memory");
        (await svm.AddAsync(start + (4 * Page.Size), 1, 1)).ThrowIfFailed();
        Write(file, 4, 9);
        Check.Equal(42, svm.Word(start, 4), "a page that was on the GPU");
        Write(file, 5, 9);
        Check.Equal(0, svm.Word(start, 5), "a page that nobody had touched");
        Write(file, 6, 9);
        (await svm.AddAsync(start + (6 * Page.Size), 1, 3)).ThrowIfFailed();
        Check.Equal(3, svm.Word(start, 6), "a page that the GPU touched first");
    }

    private static void Write(SafeFileHandle file, int page, int value) =>
        RandomAccess.Write(file, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in value)), page * (long)Page.Size);
}
