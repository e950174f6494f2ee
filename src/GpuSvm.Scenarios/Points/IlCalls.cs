using System.Buffers.Binary;
using System.Reflection;
using System.Reflection.Emit;

namespace GpuSvm.Scenarios;

/// <summary>Reads the call instructions of compiled methods. Source: ECMA-335, partition III.</summary>
internal sealed class IlCalls
{
    private const byte TwoBytePrefix = 0xfe;
    private readonly Dictionary<int, OpCode> _opcodes;

    public IlCalls() => _opcodes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => unchecked((int)(ushort)code.Value));

    /// <summary>What a method calls, and the offset of the instruction.</summary>
    public IEnumerable<(int Offset, MethodBase Callee)> Of(MethodBase method)
    {
        byte[] il = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        for (int at = 0; at < il.Length;)
        {
            int start = at;
            int value = il[at++];
            OpCode code = _opcodes[value == TwoBytePrefix ? (value << 8) | il[at++] : value];
            if (code.OperandType == OperandType.InlineMethod && code.FlowControl == FlowControl.Call)
            {
                yield return (start, Resolve(method, BinaryPrimitives.ReadInt32LittleEndian(il.AsSpan(at))));
            }

            at += OperandSize(code.OperandType, il.AsSpan(at));
        }
    }

    private static MethodBase Resolve(MethodBase caller, int token) => caller.Module.ResolveMethod(
        token,
        caller.DeclaringType?.GetGenericArguments(),
        caller.IsGenericMethod ? caller.GetGenericArguments() : null)!;

    private static int OperandSize(OperandType operand, ReadOnlySpan<byte> at) => operand switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        OperandType.InlineSwitch => 4 + (4 * BinaryPrimitives.ReadInt32LittleEndian(at)),
        _ => 4,
    };
}
