namespace GpuSvm.Architecture.Tests.PublicApi;

/// <summary>A type with one of each kind of member, for the test of <see cref="ApiText"/>.</summary>
public sealed class Example<T>(int x) : IDisposable
{
    public const int Two = 2;
    private T[] _values = new T[x];

    public T[] Values
    {
        get => _values;
        init => _values = value;
    }

    public static Example<T> operator +(Example<T> a, Example<T> b) => a._values.Length > 0 ? a : b;

    public ref T At(ulong index) => ref _values[index];

    public bool TryGet<TKey>(in TKey key, out T value, long? after = null)
    {
        value = _values[0];
        return key is null && after > Hidden();
    }

    public void Dispose() => _values = [];

    internal static int Hidden() => Two;
}
