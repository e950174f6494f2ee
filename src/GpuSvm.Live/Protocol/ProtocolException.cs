namespace GpuSvm.Live;

/// <summary>A message does not keep to the protocol; the message of the exception says what was found and what was expected.</summary>
internal sealed class ProtocolException(string message) : SvmException(Errno.EPROTO, message);
