using GpuSvm.Core;

namespace GpuSvm.Mmu.Tests.Model;

/// <content>Calls, predicted and made.</content>
internal sealed partial class Twins<TFormat>
{
    private void Call(Operation operation)
    {
        switch (operation)
        {
            case Operation.Get get:
                CallGet(get);
                break;
            case Operation.PfnMap map:
                CallPfnMap(map);
                break;
            case Operation.PfnUnmap unmap:
                CallPfnUnmap(unmap);
                break;
            case Operation.Put put:
                ModelArea? area = Model.AreaAt(put.Address);
                Expect(Model.PredictPut(put.Address), () => _space.Put(put.Address), () => Model.Put(put.Address));
                CompareAround(area?.Start ?? put.Address, area?.End ?? put.Address + Page.Size);
                break;
            case Operation.Map map:
                ModelObject memory = Objects[map.Memory];
                Expect(
                    Model.PredictMap(map, memory),
                    () => _space.Map(map.Address, map.Size, memory.Memory, map.Offset, map.Attributes),
                    () => Model.Map(map, memory));
                CompareAround(map.Address, unchecked(map.Address + map.Size));
                break;
            case Operation.Unmap unmap:
                ModelMap? old = Model.AreaAt(unmap.Address)?.MapAt(unmap.Address);
                Errno predicted = Model.PredictUnmap(unmap.Address);

                // Where pages are mapped by pfn, the answer depends on how they came together.
                Errno[] refusals = Model.PageAt(unmap.Address) is null ? [predicted] : [Errno.ENOENT, Errno.EINVAL];
                Expect(refusals, () => _space.Unmap(unmap.Address), () => Model.Unmap(unmap.Address));
                CompareAround(old?.Start ?? unmap.Address, old?.End ?? unmap.Address + Page.Size);
                break;
            default:
                CallForAll(operation);
                break;
        }
    }

    private void CallForAll(Operation operation)
    {
        switch (operation)
        {
            case Operation.Join join:
                Errno bound = Model.Instances.Contains(join.Instance) ? Errno.EEXIST : Errno.None;
                Expect(bound, () => _space.Join(join.Instance), () => Model.Instances.Add(join.Instance));
                break;
            case Operation.Part part:
                _space.Part(part.Instance);
                Model.Instances.Remove(part.Instance);
                break;
            case Operation.Boot:
                Expect(Model.PredictBoot(), _space.Boot, Model.Boot);
                CompareAll();
                CompareAround(Model.Bounds.Start, Model.Bounds.End);
                break;
            default:
                throw new InvalidOperationException(operation.ToString());
        }
    }

    private void CallGet(Operation.Get get)
    {
        VirtualAddress address = default;
        Errno predicted = Model.PredictGet(get.Request, out ulong expected);
        Expect(
            predicted,
            () => _space.TryGet(get.Request, out address),
            () =>
            {
                Require(address.Value == expected, $"0x{address.Value:x}, not 0x{expected:x}");
                Model.Get(get.Request, expected);
            });
        CompareAround(expected, unchecked(expected + get.Request.Size));
    }

    private void CallPfnMap(Operation.PfnMap map)
    {
        Errno predicted = Model.PredictPfnMap(map);
        var got = (PfnEntry[])map.Pfns.Clone();
        if (predicted != Errno.None)
        {
            Expect(predicted, () => _space.PfnMap(map.Shift, map.Address, got), static () => { });
            Require(got.AsSpan().SequenceEqual(map.Pfns), $"the array of a refused call has changed");
            return;
        }

        Errno error = _space.PfnMap(map.Shift, map.Address, got);
        Require(error == Errno.None || (error == Errno.ENOMEM && _failures.HaveFired), $"{error}");
        Model.PfnMap(map, got, error == Errno.None ? null : IsStill);
        CompareAround(map.Address, map.Address + ((ulong)got.Length << map.Shift));
    }

    private void CallPfnUnmap(Operation.PfnUnmap unmap)
    {
        Errno predicted = Model.PredictPfnUnmap(unmap.Start, unmap.Size);
        var range = AddressRange.FromLength(unmap.Start, unmap.Size);
        Expect(
            predicted,
            () => _space.PfnUnmap(range),
            () => Model.PfnUnmap(unmap.Start, unmap.Size, _failures.HaveFired ? IsStill : null),
            mayRecover: true);
        CompareAround(unmap.Start, unmap.Start + unmap.Size);
    }

    private bool IsStill(ulong start, ModelPage page) =>
        IsAt(new PageTableCursor<TFormat>(_memory, _space.Root, start).Finish(), page);

    private void Expect(Errno predicted, Func<Errno> call, Action change, bool mayRecover = false) =>
        Expect([predicted], call, change, mayRecover);

    /// <summary>A call answers as predicted, or ENOMEM where something failed; unless it succeeds nothing has changed.</summary>
    private void Expect(Errno[] predicted, Func<Errno> call, Action change, bool mayRecover = false)
    {
        bool isAsked = _failures.AreArmed || _memory.Limit != 0 || (predicted[0] != Errno.None && _calls % Refusals == 0);
        ulong before = isAsked ? _digest.Of(_space) : 0;
        Errno error = call();
        if (_failures.HaveFired && error == Errno.ENOMEM)
        {
            predicted = [Errno.ENOMEM];
        }

        Require(predicted.Contains(error), $"{error}, not {string.Join(" or ", predicted)}");
        Require(error != Errno.None || mayRecover || !_failures.HaveFired, $"what failed has been passed over");
        if (error == Errno.None)
        {
            change();
        }
        else
        {
            Require(!isAsked || _digest.Of(_space) == before, $"{error}, and the state has changed");
        }
    }

    /// <summary>Compares the pages of a range and its neighbours, or some of them if there are many.</summary>
    private void CompareAround(ulong start, ulong end)
    {
        const ulong Most = 24;
        ulong limit = Model.Bounds.End.Value;
        if (end <= start || end > limit)
        {
            return;
        }

        ulong first = Page.AlignDown(start);
        ulong pages = (end - first + Page.Size - 1) >> Page.Shift;
        if (pages <= Most)
        {
            for (ulong i = 0; i < pages; i++)
            {
                CompareAt(first + (i << Page.Shift));
            }
        }
        else
        {
            // The ends, and places in between at distances that no power of two divides.
            ulong step = ((pages / Most) | 1) << Page.Shift;
            for (ulong at = first; at < end; at += step)
            {
                CompareAt(at);
            }

            CompareAt(Page.AlignDown(end - 1));
        }

        if (first > 0)
        {
            CompareAt(first - Page.Size);
        }

        if (first + (pages << Page.Shift) < limit)
        {
            CompareAt(first + (pages << Page.Shift));
        }
    }
}
