namespace Eager.Layers;

/// <summary>Runs h' = f(x·W + h·U + b) along sequences: [batch, steps, features] → [batch, units], or [batch, steps, units].</summary>
/// <param name="units">The length of outputs and states.</param>
/// <param name="activation">What is applied to the output; tanh when null.</param>
/// <param name="useBias">Whether a bias is added.</param>
/// <param name="kernelInitializer">How the weights of inputs begin; Glorot uniform when null.</param>
/// <param name="recurrentInitializer">How the weights of the output before begin; orthogonal when null.</param>
/// <param name="biasInitializer">How the bias begins; zeros when null.</param>
/// <param name="kernelRegularizer">A penalty on the weights of inputs.</param>
/// <param name="recurrentRegularizer">A penalty on the weights of the output before.</param>
/// <param name="biasRegularizer">A penalty on the bias.</param>
/// <param name="activityRegularizer">A penalty on what the layer gives.</param>
/// <param name="kernelConstraint">What the weights of inputs are made to be after each update.</param>
/// <param name="recurrentConstraint">What the weights of the output before are made to be after each update.</param>
/// <param name="biasConstraint">What the bias is made to be after each update.</param>
/// <param name="returnSequences">Whether the outputs of all steps are given, not of the last one alone.</param>
/// <param name="goBackwards">Whether the last step comes first.</param>
/// <param name="inputShape">The shape of one input without the batch, [steps, features]; builds the layer at once.</param>
/// <param name="name">A name; when null, the model around it gives one.</param>
/// <param name="dtype">The dtype of the weights, which inputs must have.</param>
/// <param name="returnState">Whether the states after the last step are given too, after the output.</param>
public sealed class SimpleRNN(int units, ActivationFunction? activation = null, bool useBias = true, Initializer? kernelInitializer = null, Initializer? recurrentInitializer = null, Initializer? biasInitializer = null, Regularizer? kernelRegularizer = null, Regularizer? recurrentRegularizer = null, Regularizer? biasRegularizer = null, Regularizer? activityRegularizer = null, Constraint? kernelConstraint = null, Constraint? recurrentConstraint = null, Constraint? biasConstraint = null, bool returnSequences = false, bool goBackwards = false, Shape? inputShape = null, string? name = null, DType dtype = DType.Float32, bool returnState = false)
    : Recurrent(new SimpleRnnCell(units, activation ?? ActivationFunction.Tanh, useBias, new(new(kernelInitializer, kernelRegularizer, kernelConstraint), new(recurrentInitializer, recurrentRegularizer, recurrentConstraint), new(biasInitializer, biasRegularizer, biasConstraint)), dtype), returnSequences, goBackwards, activityRegularizer, inputShape, name, returnState);

/// <summary>Runs gated recurrent units along sequences (Cho et al. 2014): [batch, steps, features] → [batch, units], or [batch, steps, units].</summary>
/// <param name="units">The length of outputs and states.</param>
/// <param name="activation">What is applied to the output; tanh when null.</param>
/// <param name="recurrentActivation">What is applied to the gates; the sigmoid when null.</param>
/// <param name="useBias">Whether a bias is added.</param>
/// <param name="kernelInitializer">How the weights of inputs begin; Glorot uniform when null.</param>
/// <param name="recurrentInitializer">How the weights of the output before begin; orthogonal when null.</param>
/// <param name="biasInitializer">How the bias begins; zeros when null.</param>
/// <param name="kernelRegularizer">A penalty on the weights of inputs.</param>
/// <param name="recurrentRegularizer">A penalty on the weights of the output before.</param>
/// <param name="biasRegularizer">A penalty on the bias.</param>
/// <param name="activityRegularizer">A penalty on what the layer gives.</param>
/// <param name="kernelConstraint">What the weights of inputs are made to be after each update.</param>
/// <param name="recurrentConstraint">What the weights of the output before are made to be after each update.</param>
/// <param name="biasConstraint">What the bias is made to be after each update.</param>
/// <param name="returnSequences">Whether the outputs of all steps are given, not of the last one alone.</param>
/// <param name="goBackwards">Whether the last step comes first.</param>
/// <param name="resetAfter">Whether the reset gate acts after the product with the recurrent kernel, as in Keras by default.</param>
/// <param name="inputShape">The shape of one input without the batch, [steps, features]; builds the layer at once.</param>
/// <param name="name">A name; when null, the model around it gives one.</param>
/// <param name="dtype">The dtype of the weights, which inputs must have.</param>
/// <param name="returnState">Whether the states after the last step are given too, after the output.</param>
public sealed class GRU(int units, ActivationFunction? activation = null, ActivationFunction? recurrentActivation = null, bool useBias = true, Initializer? kernelInitializer = null, Initializer? recurrentInitializer = null, Initializer? biasInitializer = null, Regularizer? kernelRegularizer = null, Regularizer? recurrentRegularizer = null, Regularizer? biasRegularizer = null, Regularizer? activityRegularizer = null, Constraint? kernelConstraint = null, Constraint? recurrentConstraint = null, Constraint? biasConstraint = null, bool returnSequences = false, bool goBackwards = false, bool resetAfter = true, Shape? inputShape = null, string? name = null, DType dtype = DType.Float32, bool returnState = false)
    : Recurrent(new GruCell(units, activation ?? ActivationFunction.Tanh, recurrentActivation ?? ActivationFunction.Sigmoid, useBias, resetAfter, new(new(kernelInitializer, kernelRegularizer, kernelConstraint), new(recurrentInitializer, recurrentRegularizer, recurrentConstraint), new(biasInitializer, biasRegularizer, biasConstraint)), dtype), returnSequences, goBackwards, activityRegularizer, inputShape, name, returnState);

/// <summary>Runs a long short-term memory along sequences (Hochreiter &amp; Schmidhuber 1997): [batch, steps, features] → [batch, units], or [batch, steps, units].</summary>
/// <param name="units">The length of outputs and states.</param>
/// <param name="activation">What is applied to the output; tanh when null.</param>
/// <param name="recurrentActivation">What is applied to the gates; the sigmoid when null.</param>
/// <param name="useBias">Whether a bias is added.</param>
/// <param name="kernelInitializer">How the weights of inputs begin; Glorot uniform when null.</param>
/// <param name="recurrentInitializer">How the weights of the output before begin; orthogonal when null.</param>
/// <param name="biasInitializer">How the bias begins; zeros when null.</param>
/// <param name="unitForgetBias">Whether the forget gate's bias begins with ones.</param>
/// <param name="kernelRegularizer">A penalty on the weights of inputs.</param>
/// <param name="recurrentRegularizer">A penalty on the weights of the output before.</param>
/// <param name="biasRegularizer">A penalty on the bias.</param>
/// <param name="activityRegularizer">A penalty on what the layer gives.</param>
/// <param name="kernelConstraint">What the weights of inputs are made to be after each update.</param>
/// <param name="recurrentConstraint">What the weights of the output before are made to be after each update.</param>
/// <param name="biasConstraint">What the bias is made to be after each update.</param>
/// <param name="returnSequences">Whether the outputs of all steps are given, not of the last one alone.</param>
/// <param name="goBackwards">Whether the last step comes first.</param>
/// <param name="inputShape">The shape of one input without the batch, [steps, features]; builds the layer at once.</param>
/// <param name="name">A name; when null, the model around it gives one.</param>
/// <param name="dtype">The dtype of the weights, which inputs must have.</param>
/// <param name="returnState">Whether the states after the last step are given too, after the output.</param>
public sealed class LSTM(int units, ActivationFunction? activation = null, ActivationFunction? recurrentActivation = null, bool useBias = true, Initializer? kernelInitializer = null, Initializer? recurrentInitializer = null, Initializer? biasInitializer = null, bool unitForgetBias = true, Regularizer? kernelRegularizer = null, Regularizer? recurrentRegularizer = null, Regularizer? biasRegularizer = null, Regularizer? activityRegularizer = null, Constraint? kernelConstraint = null, Constraint? recurrentConstraint = null, Constraint? biasConstraint = null, bool returnSequences = false, bool goBackwards = false, Shape? inputShape = null, string? name = null, DType dtype = DType.Float32, bool returnState = false)
    : Recurrent(new LstmCell(units, activation ?? ActivationFunction.Tanh, recurrentActivation ?? ActivationFunction.Sigmoid, useBias, unitForgetBias, new(new(kernelInitializer, kernelRegularizer, kernelConstraint), new(recurrentInitializer, recurrentRegularizer, recurrentConstraint), new(biasInitializer, biasRegularizer, biasConstraint)), dtype), returnSequences, goBackwards, activityRegularizer, inputShape, name, returnState);
