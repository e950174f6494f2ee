using System.Reflection;

namespace GpuSvm.Gpu;

/// <summary>What a method must be to serve as a kernel.</summary>
public static class KernelMethod
{
    /// <summary>Demands one static method that takes the thread and the arguments and nothing else.</summary>
    /// <param name="kernel">What the user gave as a kernel.</param>
    /// <returns>The method.</returns>
    /// <exception cref="ArgumentException">It is a lambda, an instance method, bound to an object, or more than one method.</exception>
    public static MethodInfo DemandStatic<TArgs>(GpuKernel<TArgs> kernel)
        where TArgs : unmanaged
    {
        ArgumentNullException.ThrowIfNull(kernel);
        MethodInfo method = kernel.Method;
        if (!method.IsStatic || kernel.Target is not null || !kernel.HasSingleTarget)
        {
            throw Refusal(
                kernel,
                $"A kernel must be one static method, and '{method.Name}' is not",
                "A lambda, static or not, and an instance method carry an object along.");
        }

        return method;
    }

    /// <summary>Why a method is no kernel, and how to write one.</summary>
    /// <param name="kernel">What the user gave as a kernel.</param>
    /// <param name="defect">What was expected and what was found, without a full stop.</param>
    /// <param name="reason">A sentence that says why that is in the way.</param>
    public static ArgumentException Refusal<TArgs>(GpuKernel<TArgs> kernel, string defect, string reason)
        where TArgs : unmanaged =>
        new(
            $"{defect}: write it as 'static async GpuTask Name(GpuThread t, {typeof(TArgs).Name} a)' and pass its name. {reason}",
            nameof(kernel));
}
