using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm;

/// <summary>What the kernel says of one page of this process: an entry of /proc/self/pagemap.</summary>
/// <param name="Value">The entry as it was read.</param>
/// <remarks>Source: Linux Documentation/admin-guide/mm/pagemap.rst.</remarks>
public readonly record struct PagemapEntry(ulong Value)
{
    private const int PresentBit = 63;
    private const int SwappedBit = 62;
    private const int FileOrSharedBit = 61;
    private const int UserfaultWriteProtectedBit = 57;
    private const int SoftDirtyBit = 55;

    /// <summary>True if the CPU maps the page now.</summary>
    public bool IsPresent => Has(PresentBit);

    /// <summary>True if the page is swapped out; on shared memory also where only the mark of a write protection is left.</summary>
    public bool IsSwapped => Has(SwappedBit);

    /// <summary>True if the page belongs to a file or to shared memory.</summary>
    public bool IsFileOrShared => Has(FileOrSharedBit);

    /// <summary>True if a store to the page faults by userfaultfd.</summary>
    public bool IsUserfaultWriteProtected => Has(UserfaultWriteProtectedBit);

    /// <summary>True if the page was written since its mark was cleared, or is new; false where the kernel keeps no marks.</summary>
    public bool IsSoftDirty => Has(SoftDirtyBit);

    /// <summary>Reads the entry of the page that holds <paramref name="address"/>; does not touch the page.</summary>
    /// <returns>An empty entry for an address that no process can map.</returns>
    /// <exception cref="IOException">The kernel has no pagemap.</exception>
    public static PagemapEntry Of(VirtualAddress address)
    {
        using SafeFileHandle file = File.OpenHandle("/proc/self/pagemap");
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        int read = RandomAccess.Read(file, bytes, (long)(address.Value >> Core.Page.Shift) * sizeof(ulong));
        return read == sizeof(ulong) ? new PagemapEntry(BinaryPrimitives.ReadUInt64LittleEndian(bytes)) : default;
    }

    /// <summary>The bits that are set, such as <c>present, file or shared</c>; <c>absent</c> when none is.</summary>
    public override string ToString()
    {
        var words = new List<string>(5);
        Add(words, IsPresent, "present");
        Add(words, IsSwapped, "swapped");
        Add(words, IsFileOrShared, "file or shared");
        Add(words, IsUserfaultWriteProtected, "write-protected by userfaultfd");
        Add(words, IsSoftDirty, "soft-dirty");
        return words.Count == 0 ? "absent" : string.Join(", ", words);
    }

    private static void Add(List<string> words, bool isSet, string word)
    {
        if (isSet)
        {
            words.Add(word);
        }
    }

    private bool Has(int bit) => (Value >> bit & 1) != 0;
}
