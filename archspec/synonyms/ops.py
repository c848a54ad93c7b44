"""Ops, blocks and their attributes."""

from __future__ import annotations

from archspec.synonyms.glossary import Glossary
from archspec.synonyms.values import ACTIVATIONS_INSTEAD, ACTIVATIONS_LACKED

REMOVE = "remove it:"
_NORMS = (
    "'batch_norm', 'layer_norm', 'group_norm', 'rms_norm' and 'global_response_norm'"
)
_SEE = "(see docs/language.md, What cannot be written)"

OPS_AND_BLOCKS = Glossary(
    same={
        "activation": "act nonlinearity",
        "adaptive_avg_pool": "adaptiveavgpool2d adaptiveaveragepool "
        "adaptiveaveragepooling adaptiveaveragepooling2d",
        "add": "sum plus addition residualadd",
        "attention": "multiheadattention multiheadselfattention mha mhsa "
        "crossattention scaleddotproductattention dotproductattention sdpa",
        "avg_pool": "avgpool2d averagepool averagepooling averagepooling2d",
        "batch_norm": "bn batchnorm2d batchnormalization "
        "batchnormalisation syncbatchnorm",
        "channel_shuffle": "shuffle shufflechannels",
        "concat": "cat concatenate merge",
        "conv": "conv2d convolution convolution2d dilatedconv atrousconv pointwiseconv",
        "conv_bn": "conv2dbn convbatchnorm convnorm",
        "conv_bn_act": "convbnrelu convbnactivation convnormact convnormactivation "
        "conv2dnormactivation convblock basicconv basicconv2d cbr cbs",
        "dense": "linear fc fullyconnected innerproduct",
        "depthwise_conv": "depthwiseconv2d dwconv depthwise",
        "drop_path": "stochasticdepth",
        "depth_to_space": "pixelshuffle subpixel subpixelconv",
        "encoder_layer": "transformer transformerencoder transformerencoderlayer "
        "transformerblock vitblock",
        "flatten": "flattening",
        "fused_inverted_residual": "fusedmbconv",
        "global_avg_pool": "gap globalaveragepool globalaveragepooling "
        "globalaveragepooling2d globalpool",
        "global_max_pool": "gmp globalmaxpooling globalmaxpooling2d",
        "global_response_norm": "grn globalresponsenormalization",
        "group_norm": "gn groupnormalization groupnormalisation",
        "identity": "noop",
        "inverted_residual": "mbconv irb invertedbottleneck",
        "layer_norm": "ln layernorm2d layernormalization layernormalisation",
        "max_pool": "maxpool2d maxpooling maxpooling2d",
        "mlp": "feedforward ffn mlpblock",
        "multiply": "mul product",
        "pad": "zeropad zeropad2d zeropadding zeropadding2d padding",
        "resize": "interpolate resizing",
        "rms_norm": "rmsnormalization rmsnorm2d",
        "scalar_affine": "rezero learnableaffineblock lab scalarscale learnedscalar",
        "squeeze_excite": "se seblock selayer semodule squeezeexcitation "
        "squeezeandexcitation channelattention",
        "slice_channels": "slice narrow chunk",
        "space_to_depth": "pixelunshuffle",
        "subtract": "sub minus difference",
        "prefix_tokens": "classtoken clstoken registertokens distillationtoken",
        "position_embedding": "posembed positionembeddings positionalembedding "
        "positionalencoding learnedpositionalencoding",
        "tokens": "patchestosequence flattenpositions flatten2",
        "to_map": "unflatten seqtomap tokens2map",
        "take": "select gettoken",
        "rotary": "rope rotaryembedding rotarypositionembedding ropepositionembedding "
        "applyrope rotaryembeddingdinov3",
        "slice_positions": "slicetokens",
        "transposed_conv": "convtranspose convtranspose2d conv2dtranspose deconv "
        "deconvolution deconv2d transposeconv upconv",
        "upsample": "upsampling upsampling2d upsamplingnearest2d",
    },
    other={
        "adaptivemaxpool adaptivemaxpool2d": (
            "'global_max_pool' pools to 1x1; to another size, 'max_pool' with the "
            "kernel and stride for it"
        ),
        "embedding parameter": (
            "learned tokens are 'prefix_tokens', learned positions "
            "'position_embedding'; there are no embeddings of words"
        ),
        "conv1d conv3d convlstm": "archspec convolves images only, by 'conv'",
        "dropout2d spatialdropout spatialdropout2d dropblock alphadropout": (
            "archspec drops elements ('dropout') and whole samples ('drop_path') only"
        ),
        "dropconnect": "for whole samples use 'drop_path'; weights cannot be dropped",
        "instancenorm instancenorm2d": "'group_norm' with a group for each channel",
        "spectralnorm weightnorm lrn "
        "localresponsenorm": f"archspec normalizes only by {_NORMS}",
        "lstm gru rnn": f"archspec has no recurrent layers {_SEE}",
        "matmul bmm einsum dot": f"archspec has no product of two matrices {_SEE}",
        "maximum minimum average abs divide": (
            "branches are joined by 'add', 'subtract', 'multiply' or 'concat'"
        ),
        "reducemean mean reducemax": (
            "'global_avg_pool' and 'global_max_pool' reduce height and width; archspec "
            f"cannot reduce channels {_SEE}"
        ),
        "reflectionpad reflectionpad2d replicationpad replicationpad2d": (
            "'pad' pads with one value"
        ),
        "reshape view permute rearrange squeeze unsqueeze expanddims": (
            "use 'flatten' to get a vector, 'tokens' a sequence of positions, 'to_map' "
            "a feature map; 'transpose' exchanges channels and positions"
        ),
        "separableconv separableconv2d": (
            "write two layers, 'depthwise_conv' and 'conv', or the block "
            "'separable_bn_act'"
        ),
        "sequential block modulelist": (
            "write the layers one below the other; give them a name under 'blocks' to "
            "use them several times"
        ),
        "split unbind": "use 'slice_channels' once for each part",
        ACTIVATIONS_LACKED: ACTIVATIONS_INSTEAD,
        "lambda": "a spec contains no code; combine ops in a block under 'blocks'",
    },
)

ATTRIBUTES = Glossary(
    same={
        "activation": "act actlayer nonlinearity activationlayer activationfunction",
        "amounts": "padding pad paddings",
        "bias": "usebias hasbias",
        "ceil": "ceilmode",
        "compression": "reduction theta",
        "count_padding": "countincludepad",
        "decay": "movingaveragedecay",
        "dilation": "dilationrate dilations atrousrate",
        "drop_path": "droppathrate dropconnectrate stochasticdepth stochasticdepthprob",
        "epsilon": "eps varianceepsilon",
        "expand": "expansion expandratio expansionfactor expansionrate",
        "factor": "scalefactor size scale upscalefactor downscalefactor blocksize",
        "filters": "outchannels numfilters nfilters nbfilter outplanes planes outch "
        "cout features channels",
        "gate": "gateactivation gatelayer scaleactivation",
        "groups": "numgroups featuregroupcount cardinality",
        "growth": "growthrate",
        "heads": "numheads nheads nhead headcount",
        "hidden": "squeezechannels rdchannels midchannels hiddenchannels hiddendim",
        "initial": "initvalue initvalues gammainitializer gammainit scaleinit",
        "initializer": "init initialiser kernelinit kernelinitializer weightinit",
        "keep_size": "keepdim keepdims",
        "kernel": "kernelsize kernelshape ksize filtersize windowsize windowshape "
        "poolsize size window",
        "kind": "activation act type function",
        "mode": "interpolation method",
        "multiplier": "depthmultiplier channelmultiplier",
        "order": "dataformat",
        "padding": "pad pads",
        "rate": "p prob dropprob dropoutrate droprate",
        "scale": "usescale",
        "shift": "center beta usebias bias",
        "size": "outputsize shape targetsize",
        "slope": "negativeslope alpha",
        "stride": "strides stridesize subsample",
        "units": "outfeatures features numunits outdim outchannels filters classes "
        "numclasses",
        "value": "constant constantvalue constantvalues fill",
    },
    other={
        "activation act": (
            "write it as a layer of its own, act: {activation: relu}; the block "
            "'conv_bn_act' is a convolution with both batch norm and activation"
        ),
        "affine elementwiseaffine learnable": (
            "'scale: false' leaves out the trained scale of a norm, 'shift: false' the "
            "shift"
        ),
        "trackrunningstats": f"{REMOVE} batch_norm always tracks statistics",
        "aligncorners antialias": (
            f"{REMOVE} archspec resizes with half-pixel centres, without antialiasing"
        ),
        "axis dim": f"{REMOVE} the op works on channels",
        "batchnorm bn usebn norm normlayer": (
            "write it as a layer of its own, norm: batch_norm; the block 'conv_bn' is "
            "a convolution with batch norm"
        ),
        "biasinitializer biasinit": f"{REMOVE} biases start at 0",
        "dataformat layout": f"{REMOVE} each target uses its own layout",
        "inchannels infeatures inplanes inputdim indim inch cin numfeatures": (
            f"{REMOVE} an op reads the channels of its input"
        ),
        "inplace": f"{REMOVE} it does not change the result",
        "inputshape imagesize": f"{REMOVE} 'input' of the spec states the image size",
        "momentum": (
            "use 'decay', the weight of the old average: Keras' momentum itself, "
            "1 - PyTorch's momentum (decay: 0.9 for momentum 0.1)"
        ),
        "like": (
            "only resize and to_map take 'like': give numbers here, or write a layer "
            "{resize: {like: LAYER, mode: nearest}}"
        ),
        "name": "the name is the key of the layer: stem: {conv: 8}",
        "outputpadding": (
            f"{REMOVE} with padding: same a transposed_conv returns size * stride"
        ),
        "paddingmode": f"{REMOVE} convolutions pad with zeros",
        "ratio seratio squeezeratio rdratio reduction reductionratio": (
            "give the number of hidden channels instead: channels // 4 for a ratio of "
            "0.25 or a reduction by 4"
        ),
        "dtype device training trainable requiresgrad": (
            f"{REMOVE} the framework decides it when the network runs"
        ),
        "kernelregularizer biasregularizer weightdecay regularizer l2": (
            f"{REMOVE} a spec has no training settings"
        ),
    },
)
