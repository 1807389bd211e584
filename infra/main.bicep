// Armature itself: the function app, its identity and storage, artifact storage, monitoring, and roles.
// What it may do elsewhere is not said here: target-access.bicep gives it the roles where it is to deploy.

import { storageBlobDataOwner, storageQueueDataContributor, storageTableDataContributor } from 'modules/roles.bicep'
import { TextByName } from 'modules/types.bicep'

@description('Name of the function app, unique in Azure; what goes with it is named after it.')
@minLength(2)
@maxLength(32)
param appName string

@description('Where all of it is.')
param location string = resourceGroup().location

@description('The cloud that the app runs in, which is the one that it deploys to.')
@allowed([
  'AzureCloud'
  'AzureUSGovernment'
])
param cloudName string = any(environment().name)

@description('What the app runs on. Azure Government may not have Flex Consumption: a Dedicated plan is the default there.')
@allowed([
  'FlexConsumption'
  'Dedicated'
])
param hostingPlan string = cloudName == 'AzureUSGovernment' ? 'Dedicated' : 'FlexConsumption'

@description('Size of a Dedicated plan, one that can be always on.')
param dedicatedSkuName string = 'P1v3'

@description('Instances of Flex Consumption that always wait for orchestrations. With 0 a deployment waits for one to start.')
@minValue(0)
param alwaysReadyInstances int = 1

@description('Instances of Flex Consumption at most.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Replication of both storage accounts. Packages and states are no more than redeploying needs.')
@allowed([
  'Standard_LRS'
  'Standard_ZRS'
  'Standard_GRS'
  'Standard_GZRS'
])
param storageSkuName string = 'Standard_LRS'

@description('Days for which logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionInDays int = 30

@description('Further application settings, such as ARMATURE_MAX_CONCURRENCY, by name. They win over those made here.')
param settings TextByName = {}

@description('URL of the app\'s package, read once while this is deployed. Empty: the code stays as it is.')
@secure()
param packageUri string = ''

@description('Tags of everything.')
param tags TextByName = {}

var suffix = uniqueString(resourceGroup().id, appName)
var storageName = 'st${suffix}'
var artifactStorageName = 'starm${suffix}'
var packageContainerName = 'app-package'

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-${appName}'
  location: location
  tags: tags
}

module storage 'modules/app-storage.bicep' = {
  name: '${appName}-storage'
  params: {
    accountName: storageName
    location: location
    packageContainerName: packageContainerName
    skuName: storageSkuName
    tags: tags
  }
}

module storageAccess 'modules/storage-access.bicep' = {
  name: '${appName}-storage-access'
  params: {
    accountName: storageName
    principalId: identity.properties.principalId
    principalResourceId: identity.id
    // Owner is what the host asks for: Azure Functions, "Connecting to host storage with an identity", 2025.
    roleIds: [
      storageBlobDataOwner
      storageQueueDataContributor
      storageTableDataContributor
    ]
  }
  dependsOn: [
    storage
  ]
}

module artifactStorage 'artifact-storage.bicep' = {
  name: '${appName}-artifact-storage'
  params: {
    accountName: artifactStorageName
    location: location
    skuName: storageSkuName
  }
}

module artifactAccess 'modules/artifact-access.bicep' = {
  name: '${appName}-artifact-access'
  params: {
    accountName: artifactStorageName
    principalId: identity.properties.principalId
    principalResourceId: identity.id
  }
  dependsOn: [
    artifactStorage
  ]
}

module monitoring 'modules/monitoring.bicep' = {
  name: '${appName}-monitoring'
  params: {
    componentName: 'appi-${appName}'
    location: location
    principalId: identity.properties.principalId
    principalResourceId: identity.id
    retentionInDays: logRetentionInDays
    tags: tags
    workspaceName: 'log-${appName}'
  }
}

module app 'modules/function-app.bicep' = {
  name: '${appName}-app'
  params: {
    alwaysReadyInstances: alwaysReadyInstances
    appName: appName
    dedicatedSkuName: dedicatedSkuName
    hostingPlan: hostingPlan
    identityId: identity.id
    location: location
    maximumInstanceCount: maximumInstanceCount
    packageContainerUrl: '${storage.outputs.blobEndpoint}${packageContainerName}'
    packageUri: packageUri
    planName: 'asp-${appName}'
    // The addresses and not AzureWebJobsStorage__accountName, from which the host makes addresses of the public cloud.
    settings: {
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.properties.clientId};Authorization=AAD'
      APPLICATIONINSIGHTS_CONNECTION_STRING: monitoring.outputs.connectionString
      ARMATURE_DEFAULT_LOCATION: location
      ARMATURE_STORAGE_BLOB_ENDPOINT: storage.outputs.blobEndpoint
      AZURE_CLIENT_ID: identity.properties.clientId
      AZURE_CLOUD: cloudName
      AzureWebJobsStorage__blobServiceUri: storage.outputs.blobEndpoint
      AzureWebJobsStorage__clientId: identity.properties.clientId
      AzureWebJobsStorage__credential: 'managedidentity'
      AzureWebJobsStorage__queueServiceUri: storage.outputs.queueEndpoint
      AzureWebJobsStorage__tableServiceUri: storage.outputs.tableEndpoint
      ...settings
    }
    tags: tags
  }
  dependsOn: [
    artifactAccess
    storageAccess
  ]
}

@description('Name of the function app.')
output appName string = appName

@description('Where its API is: ARMATURE_API_URL of the command line.')
output apiUrl string = app.outputs.apiUrl

@description('Object id of the identity that the app acts as: principalId of target-access.bicep.')
output identityPrincipalId string = identity.properties.principalId

@description('What the app runs on.')
output hostingPlan string = hostingPlan

@description('Name of the app\'s own storage account.')
output storageAccountName string = storageName

@description('Name of the artifact storage account.')
output artifactStorageAccountName string = artifactStorageName
