using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live;

/// <summary>Which pages of private memory a process has: those that reading would not have to ask for.</summary>
/// <remarks>Source: Linux Documentation/admin-guide/mm/pagemap.rst, PAGEMAP_SCAN; include/uapi/linux/fs.h, struct pm_scan_arg.</remarks>
internal sealed unsafe class PageScan : IDisposable
{
    private const uint Scan = 0xC060_6610;
    private const ulong Present = 1UL << 3;
    private const ulong Swapped = 1UL << 4;
    private const int MostRuns = 128;
    private readonly SafeFileHandle _pagemap;

    /// <summary>Opens a process's page map.</summary>
    /// <exception cref="SvmException">It has ended, or may not be looked at.</exception>
    public PageScan(int processId)
    {
        string path = string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/pagemap");
        _pagemap = new SafeFileHandle(Libc.Open(path, Libc.CloseOnExec), ownsHandle: true);
        if (_pagemap.IsInvalid)
        {
            throw new SvmException(Libc.LastError, $"{path} could not be opened.");
        }
    }

    /// <summary>Adds the runs of pages of a range that are present or swapped out; the zero page counts.</summary>
    /// <returns>What the kernel answers; ESRCH when the process has ended.</returns>
    public Errno AddPresent(AddressRange range, ICollection<AddressRange> runs)
    {
        Region* regions = stackalloc Region[MostRuns];
        ulong at = range.Start;
        while (at < range.End.Value)
        {
            var argument = new Argument
            {
                Size = (ulong)sizeof(Argument),
                Start = at,
                End = range.End,
                Regions = regions,
                RegionCount = MostRuns,
                AnyOf = Present | Swapped,
                Return = Present | Swapped,
            };

            // SAFETY: argument and regions are locals of the size that is told.
            int found = Libc.Ioctl((int)_pagemap.DangerousGetHandle(), Scan, &argument);
            if (found < 0)
            {
                return Libc.LastError;
            }

            for (int i = 0; i < found; i++)
            {
                runs.Add(new AddressRange(regions[i].Start, regions[i].End));
            }

            at = argument.WalkEnd > at ? argument.WalkEnd : range.End.Value;
        }

        return Errno.None;
    }

    /// <inheritdoc/>
    public void Dispose() => _pagemap.Dispose();

    [StructLayout(LayoutKind.Sequential)]
    private struct Argument
    {
        public ulong Size;
        public ulong Flags;
        public ulong Start;
        public ulong End;
        public ulong WalkEnd;
        public Region* Regions;
        public ulong RegionCount;
        public ulong MostPages;
        public ulong Inverted;
        public ulong AllOf;
        public ulong AnyOf;
        public ulong Return;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Region
    {
        public ulong Start;
        public ulong End;
        public ulong Categories;
    }
}
