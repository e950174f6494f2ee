using GpuSvm.Core;

namespace GpuSvm.Mmu.Tests.Model;

/// <summary>Draws the next operations: near what is there already, so that they overlap, split and merge.</summary>
internal sealed partial class OperationSource<TFormat>(SeededRandom random, ModelSpace<TFormat> model, ModelObject[] objects)
    where TFormat : struct, IPageTableFormat
{
    private const int ManyAreas = 20;
    private const int ManyPages = 600;

    private readonly ulong[] _places = PlacesIn(model.Bounds);

    /// <summary>The next operation; before it perhaps one that lets it fail.</summary>
    public void Draw(List<Operation> into)
    {
        into.Clear();
        Operation operation = Draw();
        bool canFail = operation is Operation.Get or Operation.Map or Operation.PfnMap or Operation.PfnUnmap or Operation.Boot;
        if (OneIn(canFail ? 3 : 50))
        {
            into.Add(new Operation.Fail((FailureSite)random.Next(4), OneIn(2) ? 1 : random.Next(OneIn(4) ? 12 : 3) + 1, OneIn(3)));
        }

        into.Add(operation);
    }

    private Operation Draw() => random.Next(100) switch
    {
        < 2 => new Operation.Join((ulong)random.Next(3)),
        < 3 => new Operation.Part((ulong)random.Next(3)),
        < 4 => DrawLimit(),
        < 5 when MayBoot && OneIn(8) => new Operation.Boot(),
        < 18 when OwnAreas < ManyAreas => new Operation.Get(DrawRequest()),
        < 30 => new Operation.Put(DrawStart()),
        < 50 => DrawMap(),
        < 62 => new Operation.Unmap(DrawMapped()),
        < 88 when model.Pages.Count < ManyPages => DrawPfnMap(),
        _ => DrawPfnUnmap(),
    };

    /// <summary>Few tables for a while: rarely, for all calls are more work then.</summary>
    private Operation.Limit DrawLimit() => new(OneIn(6) ? random.Next(30) + 1 : 0);

    private bool MayBoot => model.Bounds.Length <= 32 << 20;

    private int OwnAreas => model.Areas.Count(static area => !area.IsClients);

    /// <summary>Boundaries of tables of each level, and the ends.</summary>
    private static ulong[] PlacesIn(AddressRange bounds)
    {
        List<ulong> places = [bounds.Start, bounds.End];
        for (int depth = 0; depth < TFormat.LevelCount - 1; depth++)
        {
            int shift = TFormat.Directory(depth).Shift;
            places.AddRange(new[] { 1UL << shift, 3UL << shift }.Where(place => place > bounds.Start && place < bounds.End));
        }

        return [.. places];
    }

    private T Pick<T>(IReadOnlyList<T> items) => items[random.Next(items.Count)];

    private bool OneIn(int n) => random.Next(n) == 0;

    private GetRequest DrawRequest()
    {
        int type = random.Next(TFormat.PageTypeCount);
        while (TFormat.PageType(type).Shift > 21 && !OneIn(20))
        {
            type = random.Next(TFormat.PageTypeCount);
        }

        int shift = OneIn(2) ? TFormat.PageType(type).Shift : 0;
        int unit = OneIn(4) ? TFormat.LargePageTable.Shift : OneIn(6) ? 21 : TFormat.SmallPageTable.Shift;
        ulong size = ((ulong)random.Next(40) + 1) << Math.Max(unit, Math.Min(shift, 29));
        size = OneIn(60) ? random.Next(1UL << 31) & ~0xfffUL : OneIn(80) ? random.Next(70000UL) : size;
        var flags = (GetFlags)(OneIn(5) ? random.Next(8) : (int)GetFlags.MapReferences | (OneIn(3) ? (int)GetFlags.Sparse : 0));
        int align = OneIn(2) ? 0 : OneIn(30) ? random.Next(66) : Pick([12, 13, 16, 20, 21, 21, 29]);
        return new GetRequest(size, shift, align, flags);
    }

    private ulong DrawStart() => model.Areas.Count == 0 || OneIn(12) ? DrawAddress() : Pick(model.Areas).Start;

    private ulong DrawMapped()
    {
        ModelMap[] maps = [.. model.Areas.SelectMany(static area => area.Maps)];
        return maps.Length == 0 || OneIn(15) ? DrawAddress() : Pick(maps).Start;
    }

    /// <summary>An address near something: an area, a mapping, a page, or a boundary of tables.</summary>
    private ulong DrawAddress()
    {
        ulong near = random.Next(8) switch
        {
            < 3 when model.Areas.Count > 0 => DrawInside(Pick(model.Areas)),
            < 4 when model.Pages.Count > 0 => model.Pages.Keys.First(),
            < 6 when OwnAreas == 0 || OneIn(3) => Pick(_places),
            < 7 when model.Areas.Count > 0 => Pick(model.Areas).Start,
            _ => Pick(_places),
        };
        int unit = Pick([12, 12, 12, 16, 21]);
        ulong distance = ((ulong)random.Next(24) << unit) + (OneIn(40) ? random.Next(4096UL) : 0);
        ulong address = OneIn(3) && near > distance ? near - distance : near + distance;
        address = OneIn(40) ? address : address & ~((1UL << unit) - 1);
        return address < model.Bounds.End.Value + (1UL << 22) ? address : model.Bounds.Start;
    }

    private ulong DrawInside(ModelArea area) =>
        OneIn(2) && !area.IsClients ? area.Start + random.Next(area.End - area.Start) : area.End;
}
