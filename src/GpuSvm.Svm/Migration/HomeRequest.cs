namespace GpuSvm.Svm;

/// <summary>Which pages of a migration go home, and what is known of them; <c>default</c> for all, of which the frames alone are known.</summary>
/// <param name="Space">Whose pages, when they are those of one address space; then the device's own entries for them are to be dropped.</param>
/// <param name="Range">Their addresses there.</param>
/// <param name="Word">What stands behind the pages that move; null for anything.</param>
/// <param name="First">Index of the page without which none moves; null where each is as good as another.</param>
internal readonly record struct HomeRequest(AddressSpace? Space, AddressRange Range, ulong? Word = null, int? First = null);
