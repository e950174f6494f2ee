namespace GpuSvm.Svm;

/// <summary>Pages of a device's memory that were handed out together.</summary>
/// <param name="FirstPage">Number of the first page: a multiple of their number.</param>
/// <param name="Order">Binary logarithm of their number.</param>
public readonly record struct DeviceBlock(ulong FirstPage, int Order)
{
    /// <summary>How many pages.</summary>
    public int PageCount => 1 << Order;
}
