namespace Eager.Autograd;

/// <summary>What a tape keeps for the gradients of one kind of operation.</summary>
/// <param name="Operation">The operation's name.</param>
/// <param name="Tensors">How many tensors.</param>
/// <param name="Bytes">How much memory.</param>
public sealed record TapeResidual(string Operation, int Tensors, long Bytes);
