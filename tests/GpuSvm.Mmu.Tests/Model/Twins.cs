using System.Runtime.CompilerServices;
using GpuSvm.Core;

namespace GpuSvm.Mmu.Tests.Model;

/// <summary>An address space and its model, given the same calls and compared after each.</summary>
internal sealed partial class Twins<TFormat>
    where TFormat : struct, IPageTableFormat
{
    // All that is expensive is compared every so many calls, and at the end.
    private const int Thoroughly = 256;

    // Of calls that are refused, not for want of anything, every so many are asked what they changed.
    private const int Refusals = 4;

    private readonly InjectedFailures _failures = new();
    private readonly ModelTableMemory _memory;
    private readonly ModelDma _dma;
    private readonly ModelDevice<TFormat> _device;
    private readonly GpuAddressSpace _space;
    private readonly Shape _shape;
    private readonly StateDigest<TFormat> _digest = new();
    private int _calls;

    public Twins(Shape shape)
    {
        _shape = shape;
        _memory = new ModelTableMemory(_failures);
        _dma = new ModelDma(_failures);
        _device = new ModelDevice<TFormat>(_memory);
        _memory.Freed = _device.Forget;
        _dma.Unmapped = _device.Forget;
        var options = new GpuAddressSpaceOptions
        {
            Management = shape.Management,
            Start = shape.Start,
            Size = shape.Size,
            SpareTables = shape.SpareTables,
            Bookkeeping = _failures,
            Instances = _device,
        };
        Errno error = GpuAddressSpace.TryCreate<TFormat>(_memory, _dma, _device, options, out GpuAddressSpace? space);
        Require(error == Errno.None, $"new: {error}");
        _space = space!;
        _device.Root = _space.Root;
        Model = new ModelSpace<TFormat>(options, _space.Bounds);
        Model.AddClientAreas();
    }

    public ModelSpace<TFormat> Model { get; }

    public ModelObject[] Objects { get; } = ModelObject.MakeAll();

    /// <summary>How many allocations of each site have failed.</summary>
    public ReadOnlySpan<long> Failures => _failures.Fired;

    /// <summary>Makes one call on both, and compares.</summary>
    public void Do(Operation operation)
    {
        if (operation is Operation.Fail fail)
        {
            _failures.Arm(fail.Site, fail.N, fail.GoesOn);
            return;
        }

        if (operation is Operation.Limit limit)
        {
            _memory.Limit = limit.Tables;
            return;
        }

        _failures.HaveFired = false;
        Call(operation);
        _failures.Disarm();
        CompareCounts();
        if (++_calls % Thoroughly == 0)
        {
            CompareAll();
        }
    }

    /// <summary>Compares everything, ends the address space, and finds nothing left.</summary>
    public void End()
    {
        CompareAll();
        foreach ((ulong start, _) in Model.Pages)
        {
            CompareAt(start);
        }

        _space.Dispose();
        Require(_memory.Live == 0 && _memory.LiveBytes == 0, $"{_memory.Live} tables are left");
        Require(_dma.MappedPages == 0, $"{_dma.MappedPages} pages are left mapped for DMA");
        Require(_device.Instances.Count == 0, $"instances are left");
        foreach (ModelObject memory in Objects)
        {
            Require(memory.Memory.References == 1, $"memory {memory.Id} has {memory.Memory.References} references at the end");
            Require(memory.Memory.Release(), $"the last reference");
        }

        GpuAddressSpaceCounters counters = _space.Counters;
        Require(counters.LiveTables == 0 && counters.DmaMaps == counters.DmaUnmaps && counters.Flushes == _device.Flushes, $"{counters}");
    }

    private static void Require(bool condition, [InterpolatedStringHandlerArgument(nameof(condition))] FailureText message)
    {
        if (!condition)
        {
            throw new DisagreementException(message.Text());
        }
    }

    private void CompareCounts()
    {
        long pages = 0;
        long dma = 0;
        foreach (ModelPage page in Model.Pages.Values)
        {
            long size = 1L << (TFormat.PageType(page.Type).Shift - Page.Shift);
            pages += size;
            dma += page.Pfn.IsVideoMemory || page.Pfn.IsOnBus ? 0 : size;
        }

        Require(_space.MappedPages == pages, $"{_space.MappedPages} pages are mapped by pfn, not {pages}");
        Require(_dma.MappedPages == dma, $"{_dma.MappedPages} pages are mapped for DMA, not {dma}");
        bool areAllInUse = _space.PageTableBytes == _memory.LiveBytes;
        Require(_shape.SpareTables > 0 || areAllInUse, $"{_space.PageTableBytes} of {_memory.LiveBytes} bytes of tables");
        Require(_device.Instances.SetEquals(Model.Instances), $"instances");
        foreach (ModelObject memory in Objects)
        {
            Require(
                memory.Memory.References == memory.Mappings + 1,
                $"memory {memory.Id} has {memory.Memory.References} references, for {memory.Mappings} mappings and its maker");
        }
    }

    private void CompareAll()
    {
        IReadOnlyList<CheckFinding> findings = _space.Check();
        Require(findings.Count == 0, $"check: {string.Join("; ", findings)}");
        long bytes = Model.TableBytes();
        Require(_space.PageTableBytes == bytes, $"{_space.PageTableBytes} bytes of tables, not {bytes}");
        var areas = new AreaList();
        _space.Dump(areas);
        List<GpuAreaInfo> expected = Model.Describe();
        Require(
            areas.Areas.SequenceEqual(expected),
            $"areas:\n{string.Join('\n', areas.Areas)}\nnot\n{string.Join('\n', expected)}");
    }

    /// <summary>What the tables say of an address, and what the device remembers of it, is what the model says.</summary>
    private void CompareAt(ulong address)
    {
        DecodedEntry entry = new PageTableCursor<TFormat>(_memory, _space.Root, address).Finish();
        _device.Compare(address, entry);
        if (Model.PageAt(address) is { } page)
        {
            Require(IsAt(entry, page.Page), $"0x{address:x}: {entry}, not {page.Page}");
        }
        else if (Model.AreaAt(address) is not { } area)
        {
            Require(entry.Kind == PageTableEntryKind.Invalid, $"0x{address:x}: {entry} where nothing is given out");
        }
        else if (area.MapAt(address) is { } map)
        {
            Require(IsAt(entry, map, address), $"0x{address:x}: {entry}, not {map} of memory {map.Memory.Id}");
        }
        else
        {
            PageTableEntryKind kind = area.IsSparse ? PageTableEntryKind.Sparse : PageTableEntryKind.Invalid;
            Require(entry.Kind == kind, $"0x{address:x}: {entry}, not {kind}");
        }
    }

    private bool IsAt(DecodedEntry entry, ModelPage page)
    {
        PfnEntry pfn = page.Pfn;
        int shift = TFormat.PageType(page.Type).Shift;
        bool writes = (pfn.Rights & TranslationRights.Write) != 0;
        if (entry.Kind != PageTableEntryKind.Page || entry.Shift != shift || entry.Rights != (writes ? pfn.Rights : TranslationRights.Read))
        {
            return false;
        }

        DmaDirection direction = pfn.Rights != TranslationRights.Read ? DmaDirection.Bidirectional : DmaDirection.ToDevice;
        if (pfn.IsOnBus)
        {
            return entry.Aperture == Aperture.SystemCoherent && entry.Address == pfn.Address && entry.IsVolatile;
        }

        return pfn.IsVideoMemory
            ? entry.Aperture == Aperture.VideoMemory && entry.Address == pfn.Address && !entry.IsVolatile
            : entry.Aperture == Aperture.SystemCoherent && entry.IsVolatile &&
                _dma.Maps(entry.Address, new PhysicalAddress(pfn.Address).Frame, shift - Page.Shift, direction);
    }

    private static bool IsAt(DecodedEntry entry, ModelMap map, ulong address)
    {
        int shift = TFormat.PageType(map.Type).Shift;
        ulong offset = map.Offset + ((address & ~((1UL << shift) - 1)) - map.Start);
        bool isReadOnly = (map.Attributes.Attributes & PageAttributes.ReadOnly) != 0;
        return entry.Kind == PageTableEntryKind.Page && entry.Shift == shift &&
            entry.Aperture == map.Memory.Memory.Target && entry.Address == map.Memory.AddressOf(offset) &&
            (entry.Rights == TranslationRights.Read) == isReadOnly &&
            entry.Attributes == (map.Attributes.Attributes & ~PageAttributes.ReadOnly);
    }
}
