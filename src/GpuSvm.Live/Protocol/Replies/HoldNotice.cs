namespace GpuSvm.Live;

/// <summary>The userfaultfd of a child comes along: with the last descriptor of it the kernel would fill the child's pages with zeros.</summary>
internal sealed record HoldNotice;
